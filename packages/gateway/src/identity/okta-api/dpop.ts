import { createHash, generateKeyPairSync } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import { signJwt, type JwtKey } from "../../kernel/private-key.ts";

/** A key that lives in this process alone, and the proofs of possession made with it (RFC 9449). */
export interface DpopProver {
  /**
   * A proof for one call.
   * @param token the access token beside the proof, at a resource
   */
  proof(method: string, url: string, nonce: string | undefined, token?: string): string;
}

/** No server hands out longer nonces, characters. */
const MAX_NONCE_LENGTH = 512;

/** The nonce of an answer's `DPoP-Nonce` header (RFC 9449, section 8.1); undefined without a usable one. */
export function readNonce(header: string | null): string | undefined {
  // One header value of NQCHARs; two headers, which Node joins with a comma, are refused.
  return header !== null &&
    header.length <= MAX_NONCE_LENGTH &&
    /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(header)
    ? header
    : undefined;
}

/** Makes a key on the curve P-256. */
export function dpopProver(clock: Clock): DpopProver {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key: JwtKey = { key: pair.privateKey, algorithm: "ES256" };
  const jwk = pair.publicKey.export({ format: "jwk" });
  return {
    proof(method, url, nonce, token) {
      const { origin, pathname } = new URL(url);
      const claims = {
        htm: method,
        htu: `${origin}${pathname}`,
        iat: Math.floor(clock.wall() / 1000),
        ...(nonce === undefined ? {} : { nonce }),
        ...(token === undefined ? {} : { ath: createHash("sha256").update(token).digest("base64url") }),
      };
      return signJwt(key, claims, { typ: "dpop+jwt", jwk });
    },
  };
}
