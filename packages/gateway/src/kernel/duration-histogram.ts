/** What a histogram has counted. */
export interface CountedDurations {
  /** Upper bounds of the buckets, milliseconds; the last bucket has none. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket alone, and the last: into none of them. */
  readonly counts: readonly number[];
  /** Milliseconds. */
  readonly sum: number;
}

/** Counts durations in buckets that are fixed when it is made: adding one allocates nothing. */
export class DurationHistogram {
  readonly #bounds: Float64Array;
  /** One for each bound, one for what is beyond all of them, and the sum: numbers that change in place. */
  readonly #counts: Float64Array;

  /** @param bounds upper bounds of the buckets, milliseconds, ascending; a duration that equals one is below it */
  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 2);
  }

  /** @param milliseconds less than none, as of a clock that was set back, counts as none */
  add(milliseconds: number): void {
    const bounds = this.#bounds;
    const counts = this.#counts;
    const { length } = bounds;
    let bucket = 0;
    while (bucket < length && milliseconds > (bounds[bucket] as number)) bucket += 1;
    (counts[bucket] as number) += 1;
    if (milliseconds > 0) (counts[length + 1] as number) += milliseconds;
  }

  read(): CountedDurations {
    const counts = Array.from(this.#counts);
    const sum = counts.pop() ?? 0;
    return { bounds: Array.from(this.#bounds), counts, sum };
  }
}
