import type { Text } from "./texts.ts";

/** A statement of the common length is judged in about a tenth of this on a small machine. */
export const MAX_JUDGING_MS = 1000;
/** Longer ones have more time: rows of an INSERT take about half a millisecond a KiB. */
const MAX_COMMON_CHARACTERS = 262_144;
const MAX_JUDGING_MS_BY_KIB = 4;

/** Whether a text may take longer than the common ones. */
export function isLong(text: Text | undefined): boolean {
  return text !== undefined && text.sql.length > MAX_COMMON_CHARACTERS;
}

/** How much longer a text may be judged for its length, milliseconds. */
export function longer({ sql }: Text): number {
  return MAX_JUDGING_MS_BY_KIB * Math.ceil(Math.max(0, sql.length - MAX_COMMON_CHARACTERS) / 1024);
}
