import { base64, fromBase64, type Bytes } from "./bytes.ts";
import { HASH_BYTES } from "./merkle.ts";
import { parseNote, signersOf, type Note, type VerifierKey } from "./note.ts";
import type { Steps } from "./steps.ts";

/** What a checkpoint says, whoever signed it. */
export interface CheckpointHead {
  /** The log's name. */
  readonly origin: string;
  /** How many records it covers. */
  readonly size: number;
  /** The Merkle tree's root over them, 32 bytes. */
  readonly root: Bytes;
}

/** A checkpoint taken apart; nothing is verified yet. */
export interface ClaimedCheckpoint extends CheckpointHead {
  readonly note: Note;
}

/** The text of a checkpoint, which is signed (C2SP tlog-checkpoint). */
export function checkpointText(head: {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}): string {
  return `${head.origin}\n${head.size}\n${base64(head.root)}\n`;
}

/**
 * Reads a checkpoint (C2SP tlog-checkpoint): three lines, no extension lines, nothing after the signatures.
 * @throws Error saying what is wrong with it
 */
export function parseCheckpoint(text: string): ClaimedCheckpoint {
  const note = parseNote(text);
  const lines = note.text.split("\n");
  const [origin, size, encoded] = lines;
  // Three lines and what follows the last newline. Mayfly writes no extension lines, so none is taken.
  if (origin === undefined || size === undefined || encoded === undefined || lines.length !== 4)
    throw new Error("not a checkpoint: expected the log's name, its size and its root, and no further line");
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new Error("not a checkpoint: the size is not a number");
  const root = fromBase64(encoded);
  if (root?.length !== HASH_BYTES) throw new Error("not a checkpoint: the root is not 32 bytes of base64");
  return { origin, size: Number(size), root, note };
}

/**
 * Verifies that one of the keys signed the checkpoint, and that it is of that key's own log.
 * @returns those that signed it
 * @throws Error when none of the keys signed it
 */
export function* verifyCheckpoint(
  claimed: ClaimedCheckpoint,
  keys: readonly VerifierKey[],
): Steps<readonly VerifierKey[]> {
  const signers = yield* signersOf(claimed.note, keys);
  const [first] = signers;
  if (first === undefined) {
    const claims = claimed.note.signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
    throw new Error(`the checkpoint is signed by an unknown key (${claims})`);
  }
  if (!signers.some((key) => key.name === claimed.origin))
    throw new Error(`the checkpoint is of the log ${claimed.origin}, not of ${first.name}`);
  return signers;
}
