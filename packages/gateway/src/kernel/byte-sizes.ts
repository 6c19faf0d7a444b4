import * as z from "zod";
import { addIssue } from "./issue.ts";

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;

const UNITS = { MiB: MIB, GiB: GIB, TiB: 1024 * GIB } as const;
/** How a size is written: `512MiB`, `100GiB`, `2TiB`. */
const pattern = /^(\d{1,6})(MiB|GiB|TiB)$/;

/** Reads a size. @returns bytes, or undefined when the text is none */
export function parseByteSize(text: string): number | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** Writes bytes as a person would: `1.5 GiB`, `12.0 MiB`, `900 bytes`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB"] as const)
    if (bytes >= UNITS[unit]) return `${(bytes / UNITS[unit]).toFixed(1)} ${unit}`;
  return bytes >= 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${bytes} bytes`;
}

/** A member of a configuration that holds a size such as `100GiB`; parsed to bytes between `min` and `max`. */
export function byteSize(min: number, max: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string({ error: "this must be a size such as 512MiB or 100GiB" })
    .meta({ description: "A size: 512MiB, 100GiB, 2TiB" })
    .transform((written, context) => {
      const bytes = parseByteSize(written);
      if (bytes === undefined)
        return addIssue(context, written, "this is not a size", "write 512MiB, 100GiB or 2TiB");
      if (bytes < min) return addIssue(context, written, `this is less than ${formatByteSize(min)}`);
      if (bytes > max) return addIssue(context, written, `this is more than ${formatByteSize(max)}`);
      return bytes;
    });
}
