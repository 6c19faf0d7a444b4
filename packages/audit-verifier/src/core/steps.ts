import type { Bytes } from "./bytes.ts";

/** What an algorithm asks of a cryptographic library. */
export type CryptoRequest =
  | { readonly kind: "sha256"; readonly bytes: Uint8Array }
  | {
      readonly kind: "ed25519";
      /** The public key, 32 bytes (RFC 8032, section 5.1.5). */
      readonly key: Bytes;
      readonly signature: Bytes;
      readonly message: Bytes;
    };

/**
 * An algorithm that asks for cryptography instead of doing it. So it stands once, and runs on node:crypto at once
 * (node-crypto.ts) and on WebCrypto, which only ever promises (web-crypto.ts).
 */
export type Steps<T> = Generator<CryptoRequest, T, Uint8Array | boolean>;

/** SHA-256. */
export function* sha256(bytes: Uint8Array): Steps<Uint8Array> {
  const digest = yield { kind: "sha256", bytes };
  if (!(digest instanceof Uint8Array)) throw new TypeError("a digest was asked for");
  return digest;
}

/** Whether an Ed25519 signature is the key's. */
export function* isSignature(key: Bytes, signature: Bytes, message: Bytes): Steps<boolean> {
  return (yield { kind: "ed25519", key, signature, message }) === true;
}
