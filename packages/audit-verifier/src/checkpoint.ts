import type { KeyObject } from "node:crypto";
import * as core from "./core/checkpoint.ts";
import { runSync } from "./node-crypto.ts";
import { signNote, type VerifierKey } from "./note.ts";

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
  return signNote(core.checkpointText(head), signers);
}

/**
 * Reads a checkpoint and verifies its signature: three lines, no extension lines, nothing after the signatures.
 * @throws Error saying what is wrong with it
 */
export function openCheckpoint(note: string, keys: readonly VerifierKey[]): Checkpoint {
  const claimed = core.parseCheckpoint(note);
  const signers = runSync(core.verifyCheckpoint(claimed, keys));
  const { origin, size, root } = claimed;
  return { origin, size, root: Buffer.from(root.buffer), note, signers };
}

/** A note as people keep it in a file, without the empty lines that copying left behind it. */
export function trimNote(text: string): string {
  return text.replace(/\n+$/, "\n");
}
