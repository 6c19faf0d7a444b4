import { fromBase64, type Bytes } from "./bytes.ts";
import { isSignedBy, parseNote, type Note, type VerifierKey } from "./note.ts";

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
  if (root?.length !== 32) throw new Error("not a checkpoint: the root is not 32 bytes of base64");
  return { origin, size: Number(size), root, note };
}

/**
 * Verifies that the key signed the checkpoint, and that it is of the key's own log.
 * @throws Error saying what is wrong
 */
export async function verifyCheckpoint(claimed: ClaimedCheckpoint, key: VerifierKey): Promise<void> {
  if ((await isSignedBy(claimed.note, key)) !== true) {
    const signers = claimed.note.signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
    throw new Error(`the checkpoint is not signed by ${key.name}+${key.id}, but by ${signers}`);
  }
  if (claimed.origin !== key.name)
    throw new Error(`the checkpoint is of the log ${claimed.origin}, not of ${key.name}`);
}
