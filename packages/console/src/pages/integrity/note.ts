import { concat, fromBase64, hex, utf8, type Bytes } from "./bytes.ts";

/** Signed notes (C2SP signed-note): a text, an empty line, and signature lines. Ed25519 only. */
const algorithm = 0x01;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** A key that notes are verified with. */
export interface VerifierKey {
  readonly name: string;
  /** The first four bytes of SHA-256(name || LF || algorithm || key), as hexadecimal digits. */
  readonly id: string;
  readonly key: CryptoKey;
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
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Bytes;
}

/** This browser has no Ed25519, so that it can prove nothing; it says nothing about the log. */
export class NoEd25519 extends Error {
  override readonly name: string = "NoEd25519";
}

/**
 * Reads a verifier key: `name+id+base64`.
 * @throws Error saying what is wrong with it; NoEd25519
 */
export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const [name, id, encoded] = splitKey(text.trim());
  if (name === undefined || id === undefined || encoded === undefined || !isKeyName(name))
    throw new Error("not a verifier key: expected NAME+ID+KEY");
  const tagged = fromBase64(encoded);
  if (tagged?.length !== 33 || tagged[0] !== algorithm)
    throw new Error("not a verifier key: only Ed25519 keys are understood");
  const digest = await crypto.subtle.digest("SHA-256", concat(utf8(`${name}\n`), tagged));
  const expected = hex(new Uint8Array(digest).subarray(0, 4));
  if (id !== expected) throw new Error(`not a verifier key: its id should be ${expected}`);
  const key = await importKey(tagged.slice(1));
  return { name, id, key, text: `${name}+${id}+${encoded}` };
}

async function importKey(raw: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "NotSupportedError")
      throw new NoEd25519("this browser cannot verify Ed25519 signatures", { cause });
    throw new Error("not a verifier key: these bytes are no Ed25519 key", { cause });
  }
}

/** Whether a text can name a key: not empty, no white space, no plus sign (C2SP signed-note). */
function isKeyName(name: string): boolean {
  return name !== "" && !/[\s+]/u.test(name) && name.isWellFormed();
}

/** The name holds no plus sign, but base64 may: split at the first two only. */
function splitKey(text: string): readonly string[] {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) return [];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
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
      if (match?.[1] === undefined || bytes === undefined || bytes.length < 5)
        throw new Error("not a signed note: a line after the text is not a signature");
      return { name: match[1], id: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
    });
  return { text: note.slice(0, split + 1), signatures };
}

/**
 * Whether the key signed the note. Signatures of other keys are passed over, as the specification asks.
 * @throws Error when a signature that claims to be the key's does not verify
 */
export async function isSignedBy(note: Note, key: VerifierKey): Promise<boolean> {
  const text = utf8(note.text);
  const claimed = note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  for (const { signature } of claimed) {
    const verified = await crypto.subtle.verify("Ed25519", key.key, signature, text);
    if (verified !== true) throw new Error(`the signature by ${key.name}+${key.id} does not verify`);
  }
  return claimed.length > 0;
}
