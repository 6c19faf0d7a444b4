import { CLOCK_SKEW_MS } from "./check.ts";
import { IdentityError } from "../error.ts";
import type { ReadToken } from "./token.ts";

/** A time claim in milliseconds (RFC 7519, section 2, NumericDate); undefined when the token has none. */
export function timeClaim(token: ReadToken, name: "exp" | "nbf" | "iat"): number | undefined {
  const value = token.claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new IdentityError("token_claims", `the access token's ${name} is not a time`);
  }
  return value * 1000;
}

/** A time claim that must be there. */
export function requiredTime(token: ReadToken, name: "exp" | "iat"): number {
  const value = timeClaim(token, name);
  if (value === undefined) throw new IdentityError("token_claims", `the access token has no ${name}`);
  return value;
}

/**
 * When a person proved who they are, from `auth_time` (OpenID Connect Core 1.0, section 2), milliseconds since the
 * epoch. Undefined where it is not there, is no time, or lies ahead of our clock by more than two may differ: then
 * nobody knows, and whoever asks for a fresh sign-in is not content.
 */
export function authenticationTime(value: unknown, now: number): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return undefined;
  const at = value * 1000;
  return at > now + CLOCK_SKEW_MS ? undefined : Math.min(at, now);
}
