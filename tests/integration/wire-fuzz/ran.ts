import { hash } from "node:crypto";

/** One run of a text: how it was asked for, the text, and its values. Two that look alike are alike. */
export type Ran = `${"query" | "execute"} ${string}`;

/** Values longer than this, as JSON, are compared by their digest, as records may tell them. */
const MAX_IN_FULL = 8192;

/** @param values as JSON; a query has none */
export function ranOf(how: "query" | "execute", text: string, values = "[]"): Ran {
  return `${how} ${text} ${valuesOrDigest(values)}`;
}

/** Values as JSON, or the digest of what is long. */
export function valuesOrDigest(values: string): string {
  return values.length > MAX_IN_FULL ? hash("sha256", values, "hex") : values;
}

/** What is first in `part` and does not follow in `whole`, in order. */
export function missing(part: readonly Ran[], whole: readonly Ran[]): Ran | undefined {
  let at = 0;
  return part.find((each) => {
    at = whole.indexOf(each, at) + 1;
    return at === 0;
  });
}
