import { escapeInvisible } from "../../kernel/invisible-characters.ts";

/** How often the line is written anew, milliseconds. */
const EVERY_MS = 200;
/** Returns to the line's begin and erases it (ECMA-48: EL). */
const ERASE = "\r\u001B[K";
const BAR = 24;

/** A line at a terminal that says how far something is. */
export interface Progress {
  /** @param share from 0 to 1; undefined: nobody knows */
  readonly told: (file: string, share: number | undefined) => void;
  /** Takes the line away. */
  readonly end: () => void;
}

/** @param write to the terminal; left out: there is none, and nothing is said */
export function createProgress(write: ((text: string) => void) | undefined, now: () => number): Progress {
  let written = Number.NEGATIVE_INFINITY;
  return {
    told(file, share) {
      if (write === undefined || now() - written < EVERY_MS) return;
      written = now();
      // A log that is written to meanwhile gives more than it had.
      const done = Math.min(share ?? 0, 1);
      const full = Math.round(done * BAR);
      const bar =
        share === undefined
          ? ""
          : `[${"#".repeat(full)}${"-".repeat(BAR - full)}] ${Math.floor(done * 100)} % `;
      write(`${ERASE}${bar}${escapeInvisible(file)}`);
    },
    end() {
      if (write !== undefined && Number.isFinite(written)) write(ERASE);
    },
  };
}
