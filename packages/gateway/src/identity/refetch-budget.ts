import type { Clock } from "../kernel/clock.ts";

/** A few refetches at once, then one every `interval` milliseconds. */
export interface RefetchBudget {
  /** True when a refetch may start now; uses it up. */
  take(): boolean;
  /** Milliseconds until `take` would be true again; 0 when it would be now. */
  nextIn(): number;
}

/** @param burst how many may follow each other at once, so that a key rotated right after a fetch is still found */
export function refetchBudget(clock: Clock, burst: number, interval: number): RefetchBudget {
  let left = burst;
  let since = clock.monotonic();
  const refill = (): void => {
    const gained = Math.floor((clock.monotonic() - since) / interval);
    left = Math.min(burst, left + gained);
    since = left === burst ? clock.monotonic() : since + gained * interval;
  };
  return {
    take() {
      refill();
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    nextIn() {
      refill();
      return left >= 1 ? 0 : since + interval - clock.monotonic();
    },
  };
}
