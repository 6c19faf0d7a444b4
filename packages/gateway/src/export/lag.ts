/** How old the oldest record is that has not arrived. */
export interface Lag {
  /** @param at when the first of these records was written, milliseconds since the epoch */
  sent(from: number, next: number, at: number): void;
  arrived(next: number): void;
  /** Zero where nothing was sent that has not arrived. */
  seconds(now: number): number;
}

/** Batches that are told apart; beyond it they are one with the last. */
const MAX_BATCHES = 256;

export function createLag(): Lag {
  let batches: { from: number; next: number; readonly at: number }[] = [];
  return {
    sent(from, next, at) {
      // What is sent again takes the place of what was sent.
      batches = batches.filter((batch) => batch.from < from);
      const last = batches.at(-1);
      if (last !== undefined && batches.length >= MAX_BATCHES) last.next = next;
      else batches.push({ from, next, at });
    },
    arrived(next) {
      batches = batches.filter((batch) => batch.next > next);
    },
    seconds(now) {
      const [oldest] = batches;
      return oldest === undefined ? 0 : Math.max(0, (now - oldest.at) / 1000);
    },
  };
}
