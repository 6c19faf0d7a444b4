/** Told how long acts take. Called for each act: it must neither wait nor allocate. */
export interface ActTimes {
  /** @param milliseconds from when an act came until it was decided and its record was queued */
  judged(milliseconds: number): void;
  /** @param milliseconds from the act's intent to its outcome */
  completed(milliseconds: number): void;
}

/**
 * Moments are kept as small integers, which V8 stores without allocating: twentieths of a millisecond, modulo 2^32. They
 * come round after 59 hours, and no grant lives longer than 24.
 */
const TICKS_PER_MS = 20;

/** @param monotonic milliseconds of the monotonic clock */
export function tickOf(monotonic: number): number {
  return (monotonic * TICKS_PER_MS) | 0;
}

/** Milliseconds from one tick to a later one. */
export function millisecondsBetween(earlier: number, later: number): number {
  return ((later - earlier) >>> 0) / TICKS_PER_MS;
}
