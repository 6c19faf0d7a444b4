import { createPublicKey } from "node:crypto";
import type { JsonWebKey } from "node:crypto";

/** A signature algorithm that may be configured, and which keys it takes. */
interface Algorithm {
  readonly kty: string;
  /** The public members of a JWK of this type; no other member is read. */
  readonly members: readonly string[];
  /** Why a key is too weak or of the wrong kind; undefined for a good one. */
  readonly objection: (jwk: JsonWebKey) => string | undefined;
}

/** One row an algorithm of tokens (RFC 7518, section 3.1); nothing else enumerates algorithms. `none` and HMAC cannot be here. */
export const algorithms: Readonly<Record<"RS256" | "ES256", Algorithm>> = {
  RS256: { kty: "RSA", members: ["n", "e"], objection: rsaObjection },
  ES256: {
    kty: "EC",
    members: ["crv", "x", "y"],
    objection: onCurve("P-256"),
  },
};

/** A signature algorithm of DPoP proofs: its key is whoever's the token is, not the provider's. */
export interface ProofAlgorithm extends Algorithm {
  readonly hash: "sha256" | "sha384" | "sha512";
}

/** What proofs may be signed with: what Okta binds tokens by (its `dpop_signing_alg_values_supported`). Asymmetric, all of them. */
export const proofAlgorithms: Readonly<Record<string, ProofAlgorithm>> = {
  ES256: { ...algorithms.ES256, hash: "sha256" },
  ES384: { ...algorithms.ES256, objection: onCurve("P-384"), hash: "sha384" },
  ES512: { ...algorithms.ES256, objection: onCurve("P-521"), hash: "sha512" },
  RS256: { ...algorithms.RS256, hash: "sha256" },
  RS384: { ...algorithms.RS256, hash: "sha384" },
  RS512: { ...algorithms.RS256, hash: "sha512" },
};

function onCurve(curve: string): Algorithm["objection"] {
  return (jwk) => (jwk.crv === curve ? undefined : `it is not on curve ${curve}`);
}

const MAX_EXPONENT = 0xffff_ffffn;

function rsaObjection(jwk: JsonWebKey): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } =
    createPublicKey({ key: jwk, format: "jwk" }).asymmetricKeyDetails ?? {};
  // RFC 7518, section 3.3: 2048 bits or more. The upper bound keeps a verification cheap.
  if (modulusLength < 2048) return "it has fewer than 2048 bits";
  if (modulusLength > 8192) return "it has more than 8192 bits";
  if (publicExponent < 3n || publicExponent % 2n === 0n) return "its exponent is unsafe";
  // A verification takes time by the exponent's length: with one as long as the modulus some 400 times as much.
  if (publicExponent > MAX_EXPONENT) return "its exponent has more than 32 bits";
  return undefined;
}
