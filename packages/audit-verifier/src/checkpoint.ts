import { decodeBase64, parseNote, signersOf, signNote, type VerifierKey } from "./note.ts";
import type { KeyObject } from "node:crypto";

/** A signed head of the log (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** The log's name. */
  readonly origin: string;
  /** How many records it covers. */
  readonly size: number;
  /** The Merkle tree's root over them. */
  readonly root: Buffer;
  /** The whole note. */
  readonly note: string;
  /** Which of the keys it was opened with signed it. */
  readonly signers: readonly VerifierKey[];
}

/** Makes and signs a checkpoint. @returns the note */
export function makeCheckpoint(
  head: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
  signers: readonly { readonly name: string; readonly key: KeyObject }[],
): string {
  return signNote(`${head.origin}\n${head.size}\n${Buffer.from(head.root).toString("base64")}\n`, signers);
}

/**
 * Reads a checkpoint and verifies its signature: three lines, no extension lines, nothing after the signatures.
 * @throws Error saying what is wrong with it
 */
export function openCheckpoint(note: string, keys: readonly VerifierKey[]): Checkpoint {
  const parsed = parseNote(note);
  const lines = parsed.text.split("\n");
  const [origin, size, encoded] = lines;
  // Three lines and what follows the last newline. Mayfly writes no extension lines, so none is taken.
  if (origin === undefined || size === undefined || encoded === undefined || lines.length !== 4)
    throw new Error("not a checkpoint: expected the log's name, its size and its root, and no further line");
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new Error("not a checkpoint: the size is not a number");
  const root = decodeBase64(encoded);
  if (root === undefined || root.length !== 32)
    throw new Error("not a checkpoint: the root is not 32 bytes of base64");
  const signers = signersOf(parsed, keys);
  if (signers.length === 0) {
    const claimed = parsed.signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
    throw new Error(`the checkpoint is signed by an unknown key (${claimed})`);
  }
  if (!signers.some((key) => key.name === origin))
    throw new Error(`the checkpoint is of the log ${origin}, not of ${signers[0]?.name}`);
  return { origin, size: Number(size), root, note, signers };
}

/** A note as people keep it in a file, without the empty lines that copying left behind it. */
export function trimNote(text: string): string {
  return text.replace(/\n+$/, "\n");
}
