import { createHash, timingSafeEqual } from "node:crypto";
import { isClaimName } from "../../checks/names.ts";
import { authenticationTime } from "../../tokens/time-claims.ts";
import { readSigned, rejectToken, CLOCK_TOLERANCE } from "./signed-token.ts";
import type { TokenExpectations } from "./signed-token.ts";
import type { Claims } from "./claims.ts";

/** What the sign-in expects of its ID token. */
export interface Expected {
  /** Left out for the ID token of a refresh, which has no nonce. */
  readonly nonce?: string;
  /** The subject, which must be the same after a refresh. */
  readonly subject?: string;
  /** The access token beside it. */
  readonly accessToken: string;
  /** Maximum age of the person's authentication, milliseconds. */
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
export async function readIdToken(
  text: string,
  expected: Expected,
  desk: TokenExpectations,
): Promise<IdToken> {
  const token = await readSigned(text, desk);
  const { header, claims } = token;
  const type = header["typ"];
  // RFC 8725, section 3.11: no other kind of token may pass for an ID token.
  if (type !== undefined && (typeof type !== "string" || type.toUpperCase() !== "JWT")) rejectToken("typ");
  if (Object.hasOwn(claims, "events")) rejectToken("events");
  const { sub, sid, nonce } = claims;
  if (!isClaimName(sub)) rejectToken("sub");
  if (expected.subject !== undefined && sub !== expected.subject) rejectToken("sub");
  if (expected.nonce !== undefined && !same(nonce, expected.nonce)) rejectToken("nonce");
  if (sid !== undefined && !isClaimName(sid)) rejectToken("sid");
  if (claims["at_hash"] !== undefined && !same(claims["at_hash"], halfHash(expected.accessToken)))
    rejectToken("at_hash");
  const now = desk.now();
  const authenticatedAt = authenticationTime(claims["auth_time"], now);
  if (expected.fresh !== undefined) {
    if (authenticatedAt === undefined || now - authenticatedAt > expected.fresh + CLOCK_TOLERANCE)
      rejectToken("auth_time");
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
