import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import type { CryptoKeyPair } from "openid-client";
import { MayflyError } from "../errors.ts";

/** A key to which access tokens are bound (DPoP, RFC 9449): whoever presents such a token proves that they hold it. */
export interface KeptDpopKey extends CryptoKeyPair {
  /** The private key as a JWK: to be kept, and shown to nobody. */
  readonly jwk: JsonWebKey;
}

const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;

/** Makes a new key: P-256, for ES256. */
export function newDpopKey(): KeptDpopKey {
  return keyOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

/** Reads a kept key. @throws MayflyError key_unreadable */
export function readDpopKey(jwk: JsonWebKey): KeptDpopKey {
  try {
    return keyOf(createPrivateKey({ key: jwk, format: "jwk" }));
  } catch {
    // The cause may quote the key.
    throw new MayflyError("key_unreadable", "the DPoP key is not a private P-256 key", {
      hint: "log in again: a new one is made",
    });
  }
}

function keyOf(key: KeyObject): KeptDpopKey {
  return {
    jwk: key.export({ format: "jwk" }),
    privateKey: key.toCryptoKey(ES256, false, ["sign"]),
    publicKey: createPublicKey(key).toCryptoKey(ES256, true, ["verify"]),
  };
}
