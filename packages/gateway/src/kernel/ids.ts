import { randomBytes } from "node:crypto";

/** Crockford's base 32, lower case: no i, l, o, u, so that a person can read an id aloud. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** What an id names; it is the id's prefix. */
export type IdKind = "dlv" | "req" | "gr" | "ses" | "apr" | "rev" | "ten" | "bs" | "hold" | "pr";

function base32(bytes: Buffer): string {
  let text = "";
  for (const byte of bytes) text += alphabet[byte & 31];
  return text;
}

/**
 * Makes an unguessable id, for example `gr_7k2m9q4t0x5c8v1n`: 80 random bits behind its kind.
 * Ids are names, not secrets; they hold lower-case letters and digits only, so that a grant's id can be a
 * PostgreSQL user name without quoting.
 */
export function newId(kind: IdKind): string {
  return `${kind}_${base32(randomBytes(16))}`;
}

/** Makes a secret of 160 random bits, in base 32, safe in a URL, a DSN and a shell. */
export function newSecret(): string {
  return base32(randomBytes(32));
}
