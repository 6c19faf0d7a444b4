/** Choices that a seed alone decides, so that whatever is found is found again. */
export interface Chance {
  /** A whole number from 0 up to, but not including, `most`. */
  readonly below: (most: number) => number;
  /** True about `percent` times of a hundred. */
  readonly often: (percent: number) => boolean;
  readonly pick: <Thing>(of: readonly Thing[]) => Thing;
}

/** Mulberry32: small, and good enough to spread statements. */
export function chance(seed: number): Chance {
  let state = seed | 0;
  const below = (most: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  };
  return {
    below,
    often: (percent) => below(100) < percent,
    pick<Thing>(of: readonly Thing[]): Thing {
      const chosen = of[below(of.length)];
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen;
    },
  };
}
