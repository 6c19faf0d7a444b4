import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyResult } from "jose";
import type { UsedOnce } from "./client-assertion.ts";
import { OAuthError } from "./oauth-error.ts";

/** The nonces that the org has handed out: the newest, and the one before. */
export interface DpopNonces {
  current(): string;
  accepts(nonce: unknown): boolean;
  /** Hands out another one from now on; the last one is still taken. `forget` takes neither. */
  rotate(forget?: boolean): void;
}

/** Makes the first one. */
export function dpopNonces(): DpopNonces {
  const fresh = (): string => randomBytes(24).toString("base64url");
  let known = [fresh()];
  return {
    current: () => known[0] ?? "",
    accepts: (nonce) => typeof nonce === "string" && known.includes(nonce),
    rotate(forget = false) {
      known = [fresh(), ...(forget ? [] : known.slice(0, 1))];
    },
  };
}

/** Against what a proof is checked. */
export interface ProofContext {
  /** The endpoint's URL, without query. */
  readonly url: string;
  readonly used: UsedOnce;
  /** Given when a nonce is demanded. */
  readonly nonces?: DpopNonces | undefined;
  /** Given at a resource: `ath` must be its hash. */
  readonly accessToken?: string;
}

/** How far `iat` may be away, seconds. */
const skew = 300;

const refuse = (words: string): OAuthError => new OAuthError("invalid_dpop_proof", words);

/**
 * The thumbprint of the key of a request's DPoP proof (RFC 9449, section 4.3).
 * @returns undefined without a `DPoP` header
 * @throws OAuthError in Okta's words
 */
export async function proofThumbprint(
  request: IncomingMessage,
  context: ProofContext,
): Promise<string | undefined> {
  const header = request.headers["dpop"];
  if (header === undefined) return undefined;
  if (Array.isArray(header) || header.includes(","))
    throw refuse("The request has more than one DPoP proof JWT header.");
  const { payload, protectedHeader } = await verified(header);
  if (payload["htm"] !== request.method)
    throw refuse("The 'htm' claim in the DPoP proof JWT is not the HTTP method of the request.");
  if (payload["htu"] !== context.url)
    throw refuse("The 'htu' claim in the DPoP proof JWT is not the URI of the request.");
  if (Math.abs(Date.now() / 1000 - Number(payload.iat)) > skew)
    throw refuse("The DPoP proof JWT is expired, or issued in the future.");
  if (context.accessToken !== undefined && payload["ath"] !== hashOf(context.accessToken))
    throw refuse("The 'ath' claim in the DPoP proof JWT is not the hash of the access token.");
  checkNonce(payload, context.nonces);
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
  if (!context.used.markUsed(`dpop ${jkt} ${payload.jti}`))
    throw refuse("The DPoP proof JWT has already been used.");
  return jkt;
}

/** Base64url of the SHA-256 of an access token: the `ath` of a proof. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function checkNonce(payload: JWTPayload, nonces: DpopNonces | undefined): void {
  if (nonces === undefined || nonces.accepts(payload["nonce"])) return;
  throw new OAuthError("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.", 400, {
    "dpop-nonce": nonces.current(),
  });
}

async function verified(proof: string): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(proof, EmbeddedJWK, {
      typ: "dpop+jwt",
      algorithms: ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
      requiredClaims: ["jti", "htm", "htu", "iat"],
    });
  } catch {
    throw refuse("The DPoP proof JWT is invalid.");
  }
}
