import * as core from "./core/key-rotation.ts";
import { runSync } from "./node-crypto.ts";
import type { VerifierKey } from "./note.ts";

export { rotationText } from "./core/key-rotation.ts";

/** Whether a trusted key has signed for the next one. */
export function isVouched(next: VerifierKey, note: string, trusted: readonly VerifierKey[]): boolean {
  try {
    return runSync(core.isVouched(next, note, trusted));
  } catch {
    return false;
  }
}
