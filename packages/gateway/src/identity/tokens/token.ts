import { createHash } from "node:crypto";
import { IdentityError } from "../error.ts";
import { decodeUtf8, parseStrictJson } from "../../kernel/strict-json.ts";

/** The longest token that is looked at, in characters. */
const MAX_TOKEN_CHARACTERS = 16 * 1024;

/** A token that keeps the grammar of a signed JWT; nothing in it is believed yet. */
export interface ReadToken {
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** SHA-256 of the text, hexadecimal. */
  readonly digest: string;
}

/**
 * SHA-256 of a token, hexadecimal.
 * @throws IdentityError token_malformed when it is empty or too long to be looked at
 */
export function tokenDigest(text: string): string {
  if (typeof text !== "string" || text.length === 0) throw malformed("it is empty");
  if (text.length > MAX_TOKEN_CHARACTERS) throw malformed("it is longer than 16 KiB");
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Reads a token by a strict grammar, before any library sees it: three base64url parts in their one canonical form
 * (RFC 7515, sections 2 and 7.1), header and claims JSON objects in valid UTF-8 without duplicate names.
 * @throws IdentityError token_malformed
 */
export function readToken(text: string): ReadToken {
  const digest = tokenDigest(text);
  const parts = text.split(".");
  if (parts.length === 5) throw malformed("encrypted tokens (JWE) are not accepted");
  const [header, claims, signature, ...rest] = parts;
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    throw malformed("it does not have three parts");
  }
  decode(signature);
  return { text, header: readObject(header), claims: readObject(claims), digest };
}

function readObject(part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(decodeUtf8(decode(part)));
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw malformed("a part of it is not unambiguous JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed("a part of it is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  // Node's decoder skips padding, white space and garbage; only text that encodes back to itself is canonical.
  if (part.length === 0 || bytes.toString("base64url") !== part) {
    throw malformed("a part of it is not canonical base64url");
  }
  return bytes;
}

function malformed(why: string): IdentityError {
  return new IdentityError(
    "token_malformed",
    `the access token is malformed: ${why}`,
    "send the access token exactly as the provider's token endpoint returned it",
  );
}
