import type { Recorded } from "../../../gate/inventory/seen.ts";

/** The statement of a record: text, or the digest of a text that is kept beside the log. */
export function recorded(act: Readonly<Record<string, unknown>>): Recorded {
  if (!("sql" in act)) return undefined;
  const { sql } = act;
  if (typeof sql === "string") return { act: sql };
  const digest = (sql as { readonly payload?: unknown } | null)?.payload;
  return typeof digest === "string" ? { payload: digest } : { why: "the record has no statement" };
}
