import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";

/** A key that proofs are made with. */
export interface ProofKey {
  readonly alg: string;
  readonly hash: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
  readonly thumbprint: string;
}

const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** Makes a key. @param bits of RSA */
export function proofKey(alg = "ES256", bits = 2048): ProofKey {
  const curve = curves[alg];
  const { privateKey, publicKey } =
    curve === undefined
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: curve });
  const jwk = publicKey.export({ format: "jwk" });
  return { alg, hash: `sha${alg.slice(2)}`, privateKey, jwk, thumbprint: thumbprintOf(jwk) };
}

function thumbprintOf({ kty, crv, x, y, n, e }: JsonWebKey): string {
  const members = kty === "EC" ? { crv, kty, x, y } : { e, kty, n };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

/** What a proof of a request says, for tests to change. */
export interface ProofText {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** What belongs into the proof of one request. @param at milliseconds since the epoch */
export function proofText(
  key: ProofKey,
  request: { readonly method: string; readonly url: string; readonly token: string; readonly nonce?: string },
  at: number,
): ProofText {
  return {
    header: { typ: "dpop+jwt", alg: key.alg, jwk: key.jwk },
    claims: {
      jti: randomUUID(),
      htm: request.method,
      htu: request.url,
      iat: Math.floor(at / 1000),
      ath: createHash("sha256").update(request.token).digest("base64url"),
      ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    },
  };
}

/** Signs a proof. */
export function signProof({ header, claims }: ProofText, key: ProofKey): string {
  return signParts(JSON.stringify(header), JSON.stringify(claims), key);
}

/** Signs header and claims exactly as they are written. */
export function signParts(header: string, claims: string, key: ProofKey): string {
  const input = `${Buffer.from(header).toString("base64url")}.${Buffer.from(claims).toString("base64url")}`;
  const signature = sign(key.hash, Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}
