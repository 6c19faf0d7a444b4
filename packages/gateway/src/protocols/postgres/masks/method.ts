import * as z from "zod";
import { shown } from "../guard/denied.ts";

/** How many characters `partial` keeps at most. */
const MAX_KEPT = 16;

const partialSchema = z.strictObject({
  partial: z.strictObject({
    keep: z
      .string()
      .regex(
        /^(?:first|last) (?:[1-9]|1[0-6])$/u,
        `keep is first or last and a number from 1 to ${MAX_KEPT}: last 4`,
      ),
  }),
});
const constantSchema = z.strictObject({ constant: z.union([z.string().max(1000), z.number(), z.boolean()]) });

/** What stands in the place of a masked value. NULL stays NULL. YAML reads a bare `null` as no value. */
export const methodSchema = z.union(
  [z.enum(["redact", "null", "email", "year"]), z.null(), partialSchema, constantSchema],
  "a mask is redact, null, email, year, { partial: { keep: last 4 } } or { constant: VALUE }",
);
export type MaskMethod = z.output<typeof methodSchema>;

/** `schema.table.column`. */
export const maskedName = z
  .string()
  .regex(
    /^[^."\s\0*]{1,63}\.[^."\0*]{1,63}\.[^."\0]{1,63}$/u,
    "a masked column is named schema.table.column, for example public.customers.email; members of a JSON column are not maskable yet",
  );

/** The parts of such a name. */
export function maskedParts(full: string): { readonly table: string; readonly column: string } {
  const dot = full.lastIndexOf(".");
  return { table: full.slice(0, dot), column: full.slice(dot + 1) };
}

/** A method as a reviewer reads it, beside the column's name. */
export function methodWords(method: MaskMethod): string {
  if (method === null || method === "null") return "as NULL";
  if (method === "redact") return "as ***";
  if (method === "email") return "as ***@ and the address's domain";
  if (method === "year") return "as the first day of its year";
  if ("constant" in method) return `as ${shown(JSON.stringify(method.constant))}`;
  return `as *** and its ${method.partial.keep} characters`;
}
