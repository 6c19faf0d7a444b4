import * as z from "zod";
import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { MAX_OPERATIONS, MAX_REASON_CHARACTERS } from "../../kernel/text-limits.ts";

/**
 * Text that a person will read: bounded, well-formed, nothing that paints over what a reviewer's terminal shows, and
 * nothing that only a machine reads.
 */
export function readableText(longest: number, shortest = 1): z.ZodString {
  return z
    .string()
    .min(shortest)
    .max(longest)
    .refine((text) => !hasInvisible(text, "lines"), {
      error: "holds control characters, others that are not seen, or broken surrogates",
    })
    .refine((text) => shortest === 0 || text.trim() !== "", { error: "is empty" });
}

/** The same on one line: what a machine far away says of itself. May be empty where `shortest` is 0. */
export function lineText(longest: number, shortest = 1): z.ZodString {
  return readableText(longest, shortest).refine((text) => !hasInvisible(text), {
    error: "holds more than one line",
  });
}

/** A reason, as it is read. */
export const reasonText: z.ZodString = readableText(MAX_REASON_CHARACTERS);

/** Operations on one connection. */
export const operationNames: z.ZodArray<z.ZodString> = z.array(readableText(200)).min(1).max(MAX_OPERATIONS);
