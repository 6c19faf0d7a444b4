/** Random choices out of one stream of numbers. */
export interface Choices {
  readonly pick: <Thing>(things: readonly Thing[]) => Thing;
  readonly chance: (share: number) => boolean;
  /** A whole number from 0 to below `most`. */
  readonly below: (most: number) => number;
}

/** The same choices for the same seed. */
export function choicesFrom(seed: number): Choices {
  const random = randomFrom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  return {
    pick: (things) => things[below(things.length)] as (typeof things)[number],
    chance: (share) => random() < share,
    below,
  };
}

/** A stream of numbers below 1 from a seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
