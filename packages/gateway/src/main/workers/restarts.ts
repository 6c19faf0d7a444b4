import { backoffOf } from "../../kernel/backoff.ts";

/** Deaths of one worker in this time count together, milliseconds. */
const WITHIN_MS = 60_000;
/** One death more in that time is a loop: whatever it is, starting again does not help. */
export const MAX_DEATHS = 5;
/** The pause before a worker starts again: after its first death, and at most. Milliseconds. */
const PAUSE = { first: 200, max: 5000 } as const;

/** And of one that waits until the file is what the others run. */
const DIFFERS_PAUSE = { first: 1000, max: 10_000 } as const;

/** When a worker starts again that found another configuration than it was to run. @param times how often in a row */
export const afterDiffering = (times: number): number => backoffOf(times, DIFFERS_PAUSE);

/**
 * What becomes of a worker that has ended by itself.
 * @param deaths when it did, the newest last; milliseconds on the monotonic clock
 */
export function afterDeath(
  deaths: readonly number[],
): { readonly kind: "again"; readonly inMs: number } | { readonly kind: "give up" } {
  const now = deaths.at(-1) ?? 0;
  const lately = deaths.filter((at) => now - at < WITHIN_MS).length;
  return lately > MAX_DEATHS
    ? { kind: "give up" }
    : { kind: "again", inMs: backoffOf(Math.max(lately, 1), PAUSE) };
}
