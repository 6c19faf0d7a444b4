import { createHash, timingSafeEqual } from "node:crypto";
import { isName } from "../../checks/names.ts";
import { authenticationTime } from "../../time-claims.ts";
import { readSigned, refuse, tolerance } from "./signed-token.ts";
import type { TokenDesk } from "./signed-token.ts";
import type { Claims } from "./claims.ts";

/** What the sign-in expects of its ID token. */
export interface Expected {
  /** Left out for the ID token of a refresh, which carries none. */
  readonly nonce?: string;
  /** The subject it must still be, after a refresh. */
  readonly subject?: string;
  /** The access token beside it. */
  readonly accessToken: string;
  /** How long ago the person's proof may be, milliseconds. */
  readonly fresh?: number;
}

/** A verified ID token. */
export interface IdToken {
  readonly claims: Claims;
  readonly subject: string;
  /** `sid`, where the provider has one. */
  readonly session?: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly authenticatedAt?: number;
}

/**
 * Verifies an ID token (OpenID Connect Core 1.0, section 3.1.3.7; section 12.2 for a refresh).
 * @throws SignInRefused not_verified, naming the claim; provider_away when the keys cannot be had
 */
export async function readIdToken(text: string, expected: Expected, desk: TokenDesk): Promise<IdToken> {
  const token = await readSigned(text, desk);
  const { header, claims } = token;
  const type = header["typ"];
  // RFC 8725, section 3.11: no other kind of token passes for an ID token.
  if (type !== undefined && (typeof type !== "string" || type.toUpperCase() !== "JWT")) refuse("typ");
  if (Object.hasOwn(claims, "events")) refuse("events");
  const { sub, sid, nonce } = claims;
  if (!isName(sub)) refuse("sub");
  if (expected.subject !== undefined && sub !== expected.subject) refuse("sub");
  if (expected.nonce !== undefined && !same(nonce, expected.nonce)) refuse("nonce");
  if (sid !== undefined && !isName(sid)) refuse("sid");
  if (claims["at_hash"] !== undefined && !same(claims["at_hash"], halfHash(expected.accessToken)))
    refuse("at_hash");
  const now = desk.now();
  const authenticatedAt = authenticationTime(claims["auth_time"], now);
  if (expected.fresh !== undefined) {
    if (authenticatedAt === undefined || now - authenticatedAt > expected.fresh + tolerance)
      refuse("auth_time");
  }
  return {
    claims,
    subject: sub,
    ...(sid === undefined ? {} : { session: sid }),
    issuedAt: Number(claims["iat"]) * 1000,
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  };
}

/** OpenID Connect Core 1.0, section 3.1.3.6: the left half of the hash that RS256 and ES256 use. */
function halfHash(accessToken: string): string {
  return createHash("sha256").update(accessToken, "ascii").digest().subarray(0, 16).toString("base64url");
}

function same(value: unknown, expected: string): boolean {
  if (typeof value !== "string") return false;
  const a = createHash("sha256").update(value).digest();
  return timingSafeEqual(a, createHash("sha256").update(expected).digest());
}
