import { base64, concat, fromBase64, hex, utf8, type Bytes } from "./bytes.ts";
import { isSignature, sha256, type Steps } from "./steps.ts";

/** Signed notes (C2SP signed-note): a text, an empty line, and signature lines. Ed25519 only. */
export const ED25519 = 0x01;
/** A witness's cosignature by Ed25519 (C2SP tlog-cosignature). */
export const ED25519_COSIGNATURE = 0x04;
const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** A key that notes are verified with. */
export interface VerifierKey {
  readonly name: string;
  /** The first four bytes of SHA-256(name || LF || algorithm || key), as hexadecimal digits. */
  readonly id: string;
  /** The Ed25519 public key itself. */
  readonly publicKey: Bytes;
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
  readonly signature: Bytes;
}

/** Whether a text can name a key: not empty, no white space, no plus sign (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\s+]/u.test(name) && name.isWellFormed();
}

/** The verifier key of an Ed25519 public key. */
export function* verifierKey(
  name: string,
  publicKey: Bytes,
  algorithm: number = ED25519,
): Steps<VerifierKey> {
  const tagged = concat(Uint8Array.of(algorithm), publicKey);
  const digest = yield* sha256(concat(utf8(`${name}\n`), tagged));
  const id = hex(digest.subarray(0, KEY_ID_BYTES));
  return { name, id, publicKey, text: `${name}+${id}+${base64(tagged)}` };
}

/**
 * Reads a verifier key: `name+id+base64`.
 * @param algorithm what the key must be of
 * @throws Error saying what is wrong with it
 */
export function* parseVerifierKey(text: string, algorithm: number = ED25519): Steps<VerifierKey> {
  const [name, id, encoded] = splitKey(text.trim());
  if (name === undefined || id === undefined || encoded === undefined || !isKeyName(name))
    throw new Error("not a verifier key: expected NAME+ID+KEY");
  const tagged = fromBase64(encoded);
  if (tagged?.length !== 1 + PUBLIC_KEY_BYTES || tagged[0] !== algorithm)
    throw new Error(
      algorithm === ED25519
        ? "not a verifier key: only Ed25519 keys are understood"
        : "not a witness's key: only Ed25519 cosignatures are understood",
    );
  const key = yield* verifierKey(name, tagged.slice(1), algorithm);
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

/** A signature line, by the id of the key and what it signed. */
export function signatureText(name: string, id: string, signature: Uint8Array): string {
  const idBytes = Uint8Array.from(id.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return `— ${name} ${base64(concat(idBytes, signature))}\n`;
}

/**
 * Takes a note apart, strictly: anything but text, empty line and signature lines is refused.
 * @throws Error saying what is wrong with it
 */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n") || !note.isWellFormed())
    throw new Error("not a signed note: no signature");
  const signatures = note
    .slice(split + 2, -1)
    .split("\n")
    .map((line): NoteSignature => {
      const match = signatureLine.exec(line);
      const bytes = match?.[2] === undefined ? undefined : fromBase64(match[2]);
      if (match?.[1] === undefined || bytes === undefined || bytes.length <= KEY_ID_BYTES)
        throw new Error("not a signed note: a line after the text is not a signature");
      return {
        name: match[1],
        id: hex(bytes.subarray(0, KEY_ID_BYTES)),
        signature: bytes.slice(KEY_ID_BYTES),
      };
    });
  return { text: note.slice(0, split + 1), signatures };
}

/**
 * The keys of `keys` that signed the note. Signatures of other keys are passed over, as the specification asks.
 * @throws Error when a signature that claims to be of one of the keys does not verify
 */
export function* signersOf(note: Note, keys: readonly VerifierKey[]): Steps<readonly VerifierKey[]> {
  const message = utf8(note.text);
  const found: VerifierKey[] = [];
  for (const { name, id, signature } of note.signatures) {
    const key = keys.find((candidate) => candidate.name === name && candidate.id === id);
    if (key === undefined) continue;
    if (!(yield* isSignature(key.publicKey, signature, message)))
      throw new Error(`the signature by ${name}+${id} does not verify`);
    found.push(key);
  }
  return found;
}
