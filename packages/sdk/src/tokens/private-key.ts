import { createPrivateKey, type KeyObject } from "node:crypto";
import type { CryptoKey } from "openid-client";
import { MayflyError } from "../errors.ts";

/** A private key that signs what a client says of itself, and its id at the authorization server. */
export interface SigningKey {
  readonly key: CryptoKey;
  readonly kid?: string;
}

/** How an algorithm (RFC 7518, section 3.1) is called by WebCrypto. */
const algorithms = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  ES512: { name: "ECDSA", namedCurve: "P-521" },
} as const;

/** The algorithm of an elliptic curve, by OpenSSL's name of it. */
const ofCurve: Readonly<Record<string, keyof typeof algorithms>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

/** The id of a PEM's key, where a line before it says so (text outside the PEM's own lines is allowed: RFC 7468, section 2). */
const kidBeside = /^kid: ([\w.~-]{1,256})\r?$/m;

/** RSA keys below this do not count as keys (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048;

/** Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK with its kid. @throws MayflyError key_unreadable */
export function readPrivateKey(text: string, keyId?: string, from: string = "the key"): SigningKey {
  try {
    if (!text.trimStart().startsWith("{"))
      return signingKey(createPrivateKey(text), undefined, keyId ?? kidBeside.exec(text)?.[1]);
    const jwk = JSON.parse(text) as { readonly alg?: unknown; readonly kid?: unknown };
    const kid = keyId ?? (typeof jwk.kid === "string" ? jwk.kid : undefined);
    return signingKey(createPrivateKey({ key: jwk, format: "jwk" }), jwk.alg, kid);
  } catch {
    // The cause may quote the key.
    throw new MayflyError("key_unreadable", `${from} is not a private key that can be used`, {
      hint: "give an RSA key of 2048 bits or more, or a P-256 key, as PEM without a passphrase or as a JWK",
    });
  }
}

function signingKey(object: KeyObject, named: unknown, kid: string | undefined): SigningKey {
  const bits = object.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) throw new TypeError("the key is too short");
  const usual = ofCurve[object.asymmetricKeyDetails?.namedCurve ?? ""] ?? "RS256";
  const algorithm = typeof named === "string" ? named : usual;
  if (!isAlgorithm(algorithm)) throw new TypeError("no such algorithm");
  const key = object.toCryptoKey(algorithms[algorithm], false, ["sign"]);
  return { key, ...(kid === undefined ? {} : { kid }) };
}

function isAlgorithm(name: string): name is keyof typeof algorithms {
  return Object.hasOwn(algorithms, name);
}
