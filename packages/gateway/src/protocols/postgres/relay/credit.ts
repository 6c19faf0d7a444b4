import { tokenBuckets } from "../../../kernel/buckets.ts";

/**
 * Time that somebody may use of what all share: a burst, and a share of every second after it. Whoever has used it up
 * waits, or is served elsewhere; nobody else does.
 */
export interface Credit {
  /** Milliseconds until somebody has credit again; 0: now. */
  wait(who: string): number;
  /** Notes so many milliseconds as used. May go below nothing: what costs is known only afterwards. */
  spend(who: string, milliseconds: number): void;
}

/** How many are remembered; whoever is forgotten has the whole burst again. */
const MAX_ACCOUNTS = 10_000;
/** Less than this is nothing, milliseconds. */
const MIN_CREDIT_MS = 0.001;

/**
 * @param burst milliseconds that may be used at once
 * @param share of every second, above 0
 * @param now the monotonic clock, milliseconds
 */
export function createCredit(burst: number, share: number, now: () => number): Credit {
  const accounts = tokenBuckets({ monotonic: now }, share * 1000, burst, MAX_ACCOUNTS);
  return {
    wait: (who) => accounts.wait(who, MIN_CREDIT_MS),
    spend: (who, milliseconds) => accounts.charge(who, milliseconds),
  };
}
