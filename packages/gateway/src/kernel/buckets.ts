import type { Clock } from "./clock.ts";

/** Token buckets by key, bounded in memory. */
export interface Buckets {
  /** Takes one token: 0 when there was one, else the milliseconds until there is. */
  take(key: string): number;
  /** Gives one back. */
  give(key: string): void;
  /** Keys remembered now. */
  readonly size: number;
}

/**
 * Makes token buckets of `burst` tokens that refill at `rate` a second, by the monotonic clock. At most `keys` are
 * remembered: past that the one unseen longest is forgotten, which gives back its tokens to somebody who can show
 * that many addresses anyway.
 */
export function tokenBuckets(clock: Clock, rate: number, burst: number, keys: number): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key) {
      const now = clock.monotonic();
      const known = buckets.get(key);
      const tokens =
        known === undefined ? burst : Math.min(burst, known.tokens + ((now - known.at) / 1000) * rate);
      buckets.delete(key);
      if (buckets.size >= keys) {
        const oldest = buckets.keys().next();
        if (oldest.done !== true) buckets.delete(oldest.value);
      }
      const allowed = tokens >= 1;
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
      return allowed ? 0 : Math.ceil(((1 - tokens) / rate) * 1000);
    },
    give(key) {
      const known = buckets.get(key);
      if (known !== undefined) known.tokens = Math.min(burst, known.tokens + 1);
    },
    get size() {
      return buckets.size;
    },
  };
}
