import { CLOCK_SKEW_MS } from "../../tokens/check.ts";
import type { Check } from "../../tokens/check.ts";
import { checkExpiry } from "../../checks/expiry.ts";
import { checkIssuedAt } from "../../checks/issued-at.ts";
import { signedByProvider } from "../../tokens/signed-by-provider.ts";
import { checkNotBefore } from "../../checks/not-before.ts";
import { IdentityError } from "../../error.ts";
import type { ProviderKeys } from "../../tokens/keys.ts";
import type { TrustedProvider } from "../../../kernel/trusted-provider.ts";
import { readToken } from "../../tokens/token.ts";
import type { ReadToken } from "../../tokens/token.ts";
import { SignInRefused } from "../problems.ts";

/** The tokens that are accepted: the provider's, for our client. */
export interface TokenExpectations {
  /** `audience` is our client id. */
  readonly provider: TrustedProvider;
  readonly keys: ProviderKeys;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The checks that an ID token and a logout token share, in order: the same grammar, keys and algorithms as for access
 * tokens. openid-client trusts an ID token from the token endpoint without checking its signature (OpenID Connect Core 1.0,
 * section 3.1.3.7, point 6, allows that); here it is checked.
 */
const checks: readonly Check[] = [...signedByProvider, checkExpiry, checkNotBefore, checkIssuedAt];

/**
 * Reads a signed token from the provider for our client: signature, times, `iss`, `aud` and `azp`.
 * @throws SignInRefused not_verified, naming the check; provider_away when the keys cannot be had
 */
export async function readSigned(text: string, desk: TokenExpectations): Promise<ReadToken> {
  const { provider, keys } = desk;
  try {
    const token = readToken(text);
    // Before the keys: a token of another issuer must not trigger a search for its key.
    if (token.claims["iss"] !== provider.issuer) rejectToken("iss");
    for (const check of checks) await check(token, { provider, keys, now: desk.now() });
    checkAudience(token, provider.audiences[0] ?? "");
    return token;
  } catch (thrown) {
    if (thrown instanceof IdentityError) {
      throw new SignInRefused(thrown.status === 503 ? "provider_away" : "not_verified", thrown.code, thrown);
    }
    throw thrown;
  }
}

/** `aud` is our client, alone or with others that `azp` then tells apart (OpenID Connect Core 1.0, section 3.1.3.7). */
function checkAudience({ claims }: ReadToken, client: string): void {
  const { aud, azp } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(client)) rejectToken("aud");
  if (audiences.length > 1 && azp === undefined) rejectToken("azp");
  if (azp !== undefined && azp !== client) rejectToken("azp");
}

/** Refuses a token, naming the check that failed. */
export function rejectToken(what: string): never {
  throw new SignInRefused("not_verified", what);
}

/** Maximum difference between the provider's clock and ours, milliseconds. */
export const CLOCK_TOLERANCE: number = CLOCK_SKEW_MS;
