import { type Buckets, tokenBuckets } from "../../kernel/buckets.ts";
import type { Clock } from "../../kernel/clock.ts";
import { bounds, WRONG_SECRETS } from "../bounds.ts";
import { createQuota } from "./quota.ts";

/** Too many wrong secrets were shown: none is checked for a while. */
export class TooManyGuesses extends Error {
  constructor() {
    super("too many secrets that are not good were shown");
  }
}

/** Rate-limits the checking of shown secrets: each check derives a key and takes a millisecond of CPU. */
export interface Guesses {
  /**
   * Checks a secret, unless too many were wrong or too many checks are under way.
   * @param whose the grant that it is for, where that one lives; else the address that it comes from
   * @throws TooManyGuesses
   */
  guess(
    whose: { readonly grant: string } | { readonly address: string },
    look: () => Promise<boolean>,
  ): Promise<boolean>;
}

/** How many keys are held. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes it.
 * @param processes behind the same ports: whoever guesses comes to all of them, and has one allowance
 */
export function createGuesses(clock: Clock, processes = 1): Guesses {
  const { each, total } = WRONG_SECRETS;
  const buckets = ({ perSecond, burst }: typeof each | typeof total, maxKeys: number): Buckets =>
    tokenBuckets(clock, perSecond / processes, Math.ceil(burst / processes), maxKeys);
  const theirs = buckets(each, MAX_REMEMBERED);
  const all = buckets(total, 1);
  const derivations = createQuota(bounds.derivations);
  return {
    async guess(whose, look) {
      const key = "grant" in whose ? whose.grant : whose.address;
      // A correct secret costs nothing in the end.
      if (theirs.consume(key) > 0) throw new TooManyGuesses();
      // The total covers addresses alone. Live grants are few, and made-up ids must not use up their share.
      if ("address" in whose && all.consume("all") > 0) throw new TooManyGuesses();
      const place = derivations.acquire({ address: key });
      if ("full" in place) throw new TooManyGuesses();
      try {
        const isGood = await look();
        if (isGood) theirs.release(key);
        return isGood;
      } finally {
        place.release();
      }
    },
  };
}
