import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import * as core from "./core/note.ts";
import { fromBase64 } from "./core/bytes.ts";
import { runSync } from "./node-crypto.ts";

export { isKeyName, parseNote, type Note, type VerifierKey } from "./core/note.ts";

/** The verifier key of an Ed25519 key (private or public). */
export function verifierKeyOf(name: string, key: KeyObject): core.VerifierKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const der = publicKey.export({ type: "spki", format: "der" });
  // The key is the end of its SubjectPublicKeyInfo (RFC 8410, section 4).
  return runSync(core.verifierKey(name, Uint8Array.from(der.subarray(der.length - 32))));
}

/**
 * Reads a verifier key: `name+id+base64`.
 * @throws Error saying what is wrong with it
 */
export function parseVerifierKey(text: string): core.VerifierKey {
  return runSync(core.parseVerifierKey(text));
}

/** Signs a text that ends in a newline, with each key. @returns the note */
export function signNote(
  text: string,
  signers: readonly { readonly name: string; readonly key: KeyObject }[],
): string {
  const lines = signers.map(({ name, key }) =>
    core.signatureText(name, verifierKeyOf(name, key).id, sign(null, Buffer.from(text), key)),
  );
  return `${text}\n${lines.join("")}`;
}

/**
 * The keys of `keys` that signed the note. Signatures of other keys are passed over, as the specification asks.
 * @throws Error when a signature that claims to be of one of the keys does not verify
 */
export function signersOf(note: core.Note, keys: readonly core.VerifierKey[]): readonly core.VerifierKey[] {
  return runSync(core.signersOf(note, keys));
}

/** Reads an Ed25519 private key from PEM. @throws Error when it is none */
export function parsePrivateKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the key is not an Ed25519 key");
  return key;
}

/** Base64 in its one canonical form, or undefined. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = fromBase64(text);
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer);
}
