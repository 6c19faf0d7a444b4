import { parseNote, parseVerifierKey, signersOf, type VerifierKey } from "./note.ts";
import type { Steps } from "./steps.ts";

/**
 * The text with which a log's key makes another its successor. It names the log, so that it vouches for the key in no
 * other log.
 */
export function rotationText(name: string, next: string): string {
  return `${HEADER}\n${name}\n${next}\n`;
}

const HEADER = "mayfly-log-key";

/** Whether a trusted key has signed for the next one. */
export function* isVouched(next: VerifierKey, note: string, trusted: readonly VerifierKey[]): Steps<boolean> {
  const parsed = parseNote(note);
  if (parsed.text !== rotationText(next.name, next.text)) return false;
  return (yield* signersOf(parsed, trusted)).some(({ name }) => name === next.name);
}

/** As many as follow one another: a log changes its key a few times in its life. */
const MAX_ROTATIONS = 1000;

/**
 * Follows a log's key to its newest one, by what each key signed for the next.
 * @param notes of the log's `log.key_rotated` records, in their order; what does not follow proves nothing, and is passed over
 * @returns the key itself and those that followed, the newest last
 */
export function* followKey(key: VerifierKey, notes: readonly string[]): Steps<readonly VerifierKey[]> {
  const keys = [key];
  for (const note of notes.slice(0, MAX_ROTATIONS)) {
    const current = keys.at(-1) ?? key;
    try {
      const next = yield* parseVerifierKey(parseNote(note).text.split("\n")[2] ?? "");
      if (yield* isVouched(next, note, [current])) keys.push(next);
    } catch (error) {
      // Whoever checks a signature may not be able to.
      if (error instanceof Error && error.name !== "Error") throw error;
    }
  }
  return keys;
}
