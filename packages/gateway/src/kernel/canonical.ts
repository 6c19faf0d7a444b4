import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** Anything JSON can say. Undefined properties are left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** Canonical JSON (RFC 8785): one text for one value, whatever the order its properties came in. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("value has no JSON form");
  return text;
}

/** SHA-256 of a value's canonical JSON, as `sha256:` and 64 hexadecimal digits. */
export function digestOf(value: Json): string {
  return `sha256:${createHash("sha256").update(canonicalJson(value)).digest("hex")}`;
}
