import { skew } from "../../check.ts";
import type { Check } from "../../check.ts";
import { checkAlgorithm } from "../../checks/algorithm.ts";
import { checkEmbeddedKeys } from "../../checks/embedded-keys.ts";
import { checkExtensions } from "../../checks/extensions.ts";
import { checkExpiry } from "../../checks/expiry.ts";
import { checkIssuedAt } from "../../checks/issued-at.ts";
import { checkKeyId } from "../../checks/key-id.ts";
import { checkNotBefore } from "../../checks/not-before.ts";
import { checkSignature } from "../../checks/signature.ts";
import { IdentityError } from "../../error.ts";
import type { ProviderKeys } from "../../keys.ts";
import type { TrustedProvider } from "../../provider.ts";
import { readToken } from "../../token.ts";
import type { ReadToken } from "../../token.ts";
import { SignInRefused } from "../refusals.ts";

/** Whose tokens: the provider's, for our client. */
export interface TokenDesk {
  /** `audience` is our client id. */
  readonly provider: TrustedProvider;
  readonly keys: ProviderKeys;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What an ID token and a logout token have in common, in order: the same grammar, keys and algorithms as for access
 * tokens. openid-client believes an ID token from the token endpoint without its signature (OpenID Connect Core 1.0,
 * section 3.1.3.7, point 6, lets it); we do not.
 */
const checks: readonly Check[] = [
  checkAlgorithm,
  checkEmbeddedKeys,
  checkExtensions,
  checkKeyId,
  checkSignature,
  checkExpiry,
  checkNotBefore,
  checkIssuedAt,
];

/**
 * Reads a signed token of the provider's for our client: signature, times, `iss`, `aud` and `azp`.
 * @throws SignInRefused not_verified, naming the check; provider_away when the keys cannot be had
 */
export async function readSigned(text: string, desk: TokenDesk): Promise<ReadToken> {
  const { provider, keys } = desk;
  try {
    const token = readToken(text);
    // Before the keys: a token of another issuer must not make us look for its key among ours.
    if (token.claims["iss"] !== provider.issuer) refuse("iss");
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
  if (!audiences.includes(client)) refuse("aud");
  if (audiences.length > 1 && azp === undefined) refuse("azp");
  if (azp !== undefined && azp !== client) refuse("azp");
}

/** Refuses a token by the name of what is wrong with it. */
export function refuse(what: string): never {
  throw new SignInRefused("not_verified", what);
}

/** How far apart the provider's clock and ours may be, milliseconds. */
export const tolerance: number = skew;
