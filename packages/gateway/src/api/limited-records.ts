import type { AuditLog } from "../audit/log.ts";
import type { NewRecord } from "../audit/records.ts";
import type { Clock } from "../kernel/clock.ts";
import { addressKey } from "../gate/places.ts";
import { tokenBuckets } from "../kernel/buckets.ts";

/** Records something that anybody can cause, as often as is bearable. Never throws. */
export type LimitedRecorder = (address: string, record: NewRecord) => void;

/**
 * Makes a recorder of refusals. A flood cannot fill the disk: one address is recorded 5 times and then once a minute,
 * all addresses together 50 times and then once in 10 s (some 4 MB a day); the next record says how many were left
 * out before it.
 */
export function limitedRecorder(log: AuditLog, clock: Clock): LimitedRecorder {
  const perAddress = tokenBuckets(clock, 1 / 60, 5, 10_000);
  const all = tokenBuckets(clock, 1 / 10, 50, 1);
  let leftOut = 0;
  return (address, record) => {
    if (perAddress.take(addressKey(address)) > 0 || all.take("all") > 0) {
      leftOut += 1;
      return;
    }
    try {
      log.append({
        ...record,
        detail: { ...record.detail, ...(leftOut > 0 ? { left_out_before: leftOut } : {}) },
      });
      leftOut = 0;
      // Not awaited: the refusal permits nothing, so nothing waits for its record.
      log.sync().catch(() => {});
    } catch {
      // The log cannot take it: whoever failed is refused all the same, and the log reports itself in readyz.
      leftOut += 1;
    }
  };
}
