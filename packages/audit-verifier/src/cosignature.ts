import * as core from "./core/cosignature.ts";
import { runSync } from "./node-crypto.ts";
import type { Note, VerifierKey } from "./note.ts";

export type { Cosignature } from "./core/cosignature.ts";

/** Reads a witness's key: `name+id+base64` (C2SP tlog-cosignature). @throws Error saying what is wrong with it */
export function parseWitnessKey(text: string): VerifierKey {
  return runSync(core.parseWitnessKey(text));
}

/** The cosignatures on a checkpoint by these witnesses. @throws Error when one that claims to be theirs does not verify */
export function cosignaturesOf(note: Note, witnesses: readonly VerifierKey[]): readonly core.Cosignature[] {
  return runSync(core.cosignaturesOf(note, witnesses));
}
