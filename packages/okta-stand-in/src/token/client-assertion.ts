import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { JWK, JWTPayload } from "jose";
import { OAuthError } from "./oauth-error.ts";

/** What authentication needs to know of a client. */
export interface AssertingClient {
  readonly clientId: string;
  readonly keys: readonly JWK[];
}

/** Remembers the ids of assertions and ID-JAGs: each works once. */
export interface UsedOnce {
  /** @returns false when `id` was there before */
  markUsed(id: string): boolean;
}

/** Nothing is ever forgotten: a stand-in does not live long. */
export function usedOnce(): UsedOnce {
  const seen = new Set<string>();
  return {
    markUsed(id) {
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    },
  };
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Okta refuses an assertion that expires later than this, seconds. */
const MAX_LIFETIME_S = 3600;

const refuse = (words: string): OAuthError => new OAuthError("invalid_client", words, 401);

/**
 * Authenticates a client by private_key_jwt: `iss` = `sub` = client id, `aud` the endpoint, an hour at most, each `jti`
 * once (Okta, "Client authentication methods").
 * @param audiences the token endpoint, and what a client may write in its place
 */
export async function authenticate<Client extends AssertingClient>(
  form: URLSearchParams,
  find: (clientId: string) => Client | undefined,
  audiences: readonly string[],
  used: UsedOnce,
): Promise<Client> {
  const assertion = form.get("client_assertion");
  if (assertion === null) throw refuse("Client authentication failed. No client authentication included.");
  if (form.get("client_assertion_type") !== assertionType)
    throw refuse("The client_assertion_type is invalid.");
  const unverified = claimsOf(assertion);
  const client = find(String(unverified.sub));
  if (client === undefined || (form.get("client_id") ?? client.clientId) !== client.clientId)
    throw refuse("Invalid value for 'client_id' parameter.");
  if (client.keys.length === 0) throw refuse("JWKSet not configured");
  if (unverified.iss !== unverified.sub)
    throw refuse("The issuer and subject claims of client_assertion must be the client id.");
  const { kid } = decodeProtectedHeader(assertion);
  if (kid !== undefined && !client.keys.some((key) => key.kid === kid)) throw refuse("kid is invalid");
  const payload = await verified(assertion, client.keys);
  const named = Array.isArray(payload.aud) ? payload.aud : [payload.aud];
  if (!named.some((one) => one !== undefined && audiences.includes(one)))
    throw refuse("The audience claim for client_assertion must be the endpoint invoked for the request.");
  if (payload.exp === undefined || payload.exp > Date.now() / 1000 + MAX_LIFETIME_S)
    throw refuse("The client_assertion token has an expiration too far into the future.");
  if (payload.jti !== undefined && !used.markUsed(`${client.clientId} ${payload.jti}`))
    throw refuse("The client_assertion token has already been used.");
  return client;
}

function claimsOf(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    throw refuse("The client_assertion token is invalid.");
  }
}

async function verified(assertion: string, keys: readonly JWK[]): Promise<JWTPayload> {
  try {
    return (await jwtVerify(assertion, createLocalJWKSet({ keys: [...keys] }))).payload;
  } catch (thrown) {
    throw refuse(
      thrown instanceof errors.JWTExpired
        ? "The client_assertion token is expired."
        : "The client_assertion signature is invalid.",
    );
  }
}
