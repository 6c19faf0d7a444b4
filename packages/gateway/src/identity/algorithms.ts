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

/** One row an algorithm (RFC 7518, section 3.1); nothing else enumerates algorithms. `none` and HMAC cannot be here. */
export const algorithms: Readonly<Record<"RS256" | "ES256", Algorithm>> = {
  RS256: { kty: "RSA", members: ["n", "e"], objection: rsaObjection },
  ES256: {
    kty: "EC",
    members: ["crv", "x", "y"],
    objection: (jwk) => (jwk.crv === "P-256" ? undefined : "it is not on curve P-256"),
  },
};

function rsaObjection(jwk: JsonWebKey): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } =
    createPublicKey({ key: jwk, format: "jwk" }).asymmetricKeyDetails ?? {};
  // RFC 7518, section 3.3: 2048 bits or more. The upper bound keeps a verification cheap.
  if (modulusLength < 2048) return "it has fewer than 2048 bits";
  if (modulusLength > 8192) return "it has more than 8192 bits";
  if (publicExponent < 3n || publicExponent % 2n === 0n) return "its exponent is unsafe";
  return undefined;
}
