import { createPrivateKey, randomUUID, sign } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";

/** A private key that signs JSON Web Tokens, and the one algorithm it is used with. */
export interface JwtKey {
  readonly key: KeyObject;
  readonly algorithm: "RS256" | "ES256";
  /** The name under which its public half is published, where the key itself says it (`kid` of a JWK). */
  readonly keyId?: string;
}

/** RSA keys below this are not used, bits (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048;

/** What is wrong with a text that should hold a private key; it never repeats the text. */
export class KeyUnreadable extends Error {}

const asJwk = (text: string): JsonWebKey | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonWebKey) : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Reads a private key: PEM without a passphrase, or a JWK.
 * @throws KeyUnreadable when it is neither, or neither RSA of 2048 bits or more nor on the curve P-256
 */
export function readJwtKey(text: string): JwtKey {
  const jwk = asJwk(text);
  let key: KeyObject;
  try {
    key = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: "jwk" });
  } catch {
    throw new KeyUnreadable("this is no private key: neither PEM without a passphrase nor a private JWK");
  }
  const keyId = jwk?.["kid"];
  const named = typeof keyId === "string" && keyId !== "" ? { keyId } : {};
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS)
    return { key, algorithm: "RS256", ...named };
  if (key.asymmetricKeyType === "ec" && namedCurve === "prime256v1")
    return { key, algorithm: "ES256", ...named };
  throw new KeyUnreadable(`this key is neither RSA of ${MIN_RSA_BITS} bits or more nor on the curve P-256`);
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs a JSON Web Token (RFC 7519); `alg` and `kid` are the key's. A `jti` is made where the claims have none. */
export function signJwt(
  key: JwtKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const { keyId, algorithm } = key;
  const head = { alg: algorithm, ...(keyId === undefined ? {} : { kid: keyId }), ...header };
  const input = `${base64url(head)}.${base64url({ jti: randomUUID(), ...claims })}`;
  const signature = sign("sha256", Buffer.from(input), { key: key.key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}
