import { tokenBuckets } from "../kernel/buckets.ts";
import type { Clock } from "../kernel/clock.ts";
import { bounds, WRONG_SECRETS } from "./bounds.ts";
import { createQuota } from "./quota.ts";

/** Too many secrets that are not good were shown: none is looked at for a while. */
export class TooManyGuesses extends Error {
  constructor() {
    super("too many secrets that are not good were shown");
  }
}

/** Bounds how often a key is derived from a secret that somebody shows: each takes a millisecond of a processor. */
export interface Guesses {
  /**
   * Looks at a secret, unless too many were wrong or too many are being looked at.
   * @param whose the grant that it is for, where that one lives; else the address that it comes from
   * @throws TooManyGuesses
   */
  guess(
    whose: { readonly grant: string } | { readonly address: string },
    look: () => Promise<boolean>,
  ): Promise<boolean>;
}

/** Keys that are remembered. */
const MAX_REMEMBERED = 10_000;

/** Makes it. */
export function createGuesses(clock: Clock): Guesses {
  const { each, total } = WRONG_SECRETS;
  const theirs = tokenBuckets(clock, each.perSecond, each.burst, MAX_REMEMBERED);
  const all = tokenBuckets(clock, total.perSecond, total.burst, 1);
  const derivations = createQuota(bounds.derivations);
  return {
    async guess(whose, look) {
      const key = "grant" in whose ? whose.grant : whose.address;
      // A good one costs nothing, in the end.
      if (theirs.take(key) > 0) throw new TooManyGuesses();
      // Of grants that live there are only so many: what is made up cannot use up what they need.
      if ("address" in whose && all.take("all") > 0) throw new TooManyGuesses();
      const place = derivations.take({ address: key });
      if ("full" in place) throw new TooManyGuesses();
      try {
        const isGood = await look();
        if (isGood) theirs.give(key);
        return isGood;
      } finally {
        place.give();
      }
    },
  };
}
