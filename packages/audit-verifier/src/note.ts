import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  verify as verifyBytes,
  type KeyObject,
} from "node:crypto";

/** Signed notes (C2SP signed-note): a text, an empty line, and signature lines. Ed25519 only. */
const algorithm = 0x01;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** A key that notes are verified with. */
export interface VerifierKey {
  readonly name: string;
  /** The first four bytes of SHA-256(name || LF || algorithm || key), as hexadecimal digits. */
  readonly id: string;
  readonly key: KeyObject;
  /** The key as text: `name+id+base64(algorithm || key)`. */
  readonly text: string;
}

/** A note taken apart; nothing is verified yet. */
export interface Note {
  /** What is signed: with its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** One signature line. */
interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Buffer;
}

/** Whether a text can name a key: not empty, no white space, no plus sign (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\s+]/u.test(name) && name.isWellFormed();
}

/** The verifier key of an Ed25519 key (private or public). */
export function verifierKeyOf(name: string, key: KeyObject): VerifierKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const der = publicKey.export({ type: "spki", format: "der" });
  const tagged = Buffer.concat([Buffer.from([algorithm]), der.subarray(der.length - 32)]);
  const id = createHash("sha256").update(name).update("\n").update(tagged).digest("hex").slice(0, 8);
  return { name, id, key: publicKey, text: `${name}+${id}+${tagged.toString("base64")}` };
}

/**
 * Reads a verifier key: `name+id+base64`.
 * @throws Error saying what is wrong with it
 */
export function parseVerifierKey(text: string): VerifierKey {
  const [name, id, encoded, ...rest] = splitKey(text.trim());
  if (name === undefined || id === undefined || encoded === undefined || rest.length > 0 || !isKeyName(name))
    throw new Error("not a verifier key: expected NAME+ID+KEY");
  const tagged = decodeBase64(encoded);
  if (tagged === undefined || tagged.length !== 33 || tagged[0] !== algorithm)
    throw new Error("not a verifier key: only Ed25519 keys are understood");
  const jwk = { kty: "OKP", crv: "Ed25519", x: tagged.subarray(1).toString("base64url") };
  const key = verifierKeyOf(name, createPublicKey({ key: jwk, format: "jwk" }));
  if (key.id !== id) throw new Error(`not a verifier key: its id should be ${key.id}`);
  return key;
}

/** The name holds no plus sign, but base64 may: split at the first two only. */
function splitKey(text: string): readonly string[] {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) return [];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/** Signs a text that ends in a newline, with each key. @returns the note */
export function signNote(
  text: string,
  signers: readonly { readonly name: string; readonly key: KeyObject }[],
): string {
  let note = `${text}\n`;
  for (const { name, key } of signers) {
    const id = Buffer.from(verifierKeyOf(name, key).id, "hex");
    const signature = Buffer.concat([id, signBytes(null, Buffer.from(text), key)]);
    note += `— ${name} ${signature.toString("base64")}\n`;
  }
  return note;
}

/**
 * Takes a note apart, strictly: anything but text, empty line and signature lines is refused.
 * @throws Error saying what is wrong with it
 */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw new Error("not a signed note: no signature");
  const text = note.slice(0, split + 1);
  const signatures = note
    .slice(split + 2, -1)
    .split("\n")
    .map((line): NoteSignature => {
      const match = signatureLine.exec(line);
      const bytes = match?.[2] === undefined ? undefined : decodeBase64(match[2]);
      if (match?.[1] === undefined || bytes === undefined || bytes.length < 5)
        throw new Error("not a signed note: a line after the text is not a signature");
      return { name: match[1], id: bytes.subarray(0, 4).toString("hex"), signature: bytes.subarray(4) };
    });
  return { text, signatures };
}

/**
 * The keys of `keys` that signed the note. Signatures of other keys are passed over, as the specification asks.
 * @throws Error when a signature that claims to be of one of the keys does not verify
 */
export function signersOf(note: Note, keys: readonly VerifierKey[]): readonly VerifierKey[] {
  const bytes = Buffer.from(note.text);
  const found: VerifierKey[] = [];
  for (const { name, id, signature } of note.signatures) {
    const key = keys.find((candidate) => candidate.name === name && candidate.id === id);
    if (key === undefined) continue;
    if (!verifyBytes(null, bytes, key.key, signature))
      throw new Error(`the signature by ${name}+${id} does not verify`);
    found.push(key);
  }
  return found;
}

/** Reads an Ed25519 private key from PEM. @throws Error when it is none */
export function parsePrivateKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the key is not an Ed25519 key");
  return key;
}

/** Base64 in its one canonical form, or undefined. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
