import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { CompactSign, compactVerify, createLocalJWKSet } from "jose";
import type { JWK, JWSHeaderParameters } from "jose";

const generate = promisify(generateKeyPair);

/** The keys of the stand-in: the first one signs, all are published. */
export interface SigningKeys {
  /** Private JWKs, newest first. */
  all(): readonly JWK[];
  /** The published key set. */
  published(): { keys: JWK[] };
  /** Puts a new key first; older ones stay published unless `keep` is false. */
  rotate(keep: boolean): Promise<void>;
  /** Signs arbitrary claims; `header` overrides `alg` and `kid` (undefined removes a member). */
  sign(claims: object, header?: Record<string, unknown>, key?: JWK): Promise<string>;
  /** The claims of a token that one of the published keys signed, else undefined. Expiry is not looked at. */
  read(token: string): Promise<Record<string, unknown> | undefined>;
}

/** A fresh private key as a JWK with `kid`, `use` and `alg`. */
export async function newSigningKey(algorithm: "RS256" | "ES256"): Promise<JWK> {
  const pair =
    algorithm === "RS256"
      ? await generate("rsa", { modulusLength: 2048 })
      : await generate("ec", { namedCurve: "P-256" });
  const jwk = pair.privateKey.export({ format: "jwk" }) as JWK;
  return { ...jwk, kid: randomBytes(32).toString("base64url"), use: "sig", alg: algorithm };
}

function publicPart(jwk: JWK): JWK {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk;
  return rest;
}

/** Makes the first key. */
export async function signingKeys(algorithm: "RS256" | "ES256"): Promise<SigningKeys> {
  let keys = [await newSigningKey(algorithm)];
  const published = (): { keys: JWK[] } => ({ keys: keys.map(publicPart) });
  return {
    all: () => keys,
    published,
    async rotate(keep) {
      keys = [await newSigningKey(algorithm), ...(keep ? keys : [])];
    },
    async sign(claims, header = {}, key) {
      const signer = key ?? keys[0];
      if (signer === undefined) throw new TypeError("no signing key");
      const full = { alg: signer.alg ?? algorithm, kid: signer.kid, ...header } as JWSHeaderParameters & {
        alg: string;
      };
      return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader(full)
        .sign({ ...signer, alg: full.alg });
    },
    async read(token) {
      try {
        const { payload } = await compactVerify(token, createLocalJWKSet(published()));
        return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      } catch {
        return undefined;
      }
    },
  };
}
