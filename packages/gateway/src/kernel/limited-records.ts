import { tokenBuckets } from "./buckets.ts";
import type { Clock } from "./clock.ts";

/** A rate of records: `burst` at once, then `perSecond`. */
export interface RecordRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Rate-limits records that anybody can cause, so that a flood cannot fill the disk. */
export interface LimitedRecords {
  /**
   * Calls `record` unless the rate is exceeded, with the number of records left out before it. A record that throws
   * counts as left out.
   * @param key who caused it
   * @throws what `record` throws
   */
  record(key: string, record: (leftOutBefore: number) => void): void;
}

/** How many keys are held; the least recently used is evicted first. */
const MAX_REMEMBERED = 10_000;

/** @param each the rate of one key; @param total the rate of all together */
export function limitedRecords(clock: Clock, each: RecordRate, total: RecordRate): LimitedRecords {
  const byKey = tokenBuckets(clock, each.perSecond, each.burst, MAX_REMEMBERED);
  const all = tokenBuckets(clock, total.perSecond, total.burst, 1);
  let leftOut = 0;
  return {
    record(key, record) {
      const before = leftOut;
      leftOut += 1;
      if (byKey.consume(key) > 0 || all.consume("all") > 0) return;
      record(before);
      leftOut = 0;
    },
  };
}
