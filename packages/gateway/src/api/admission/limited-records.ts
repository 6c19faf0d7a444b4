import type { AuditLog } from "../../audit/log.ts";
import type { NewRecord } from "../../audit/records.ts";
import { addressKey } from "../../gate/limits/places.ts";
import type { Clock } from "../../kernel/clock.ts";
import { limitedRecords } from "../../kernel/limited-records.ts";

/** Records something that anybody can cause, as often as is bearable. Never throws. */
export type LimitedRecorder = (address: string, record: NewRecord) => void;

const EACH_ADDRESS = { perSecond: 1 / 60, burst: 5 };
const ALL_ADDRESSES = { perSecond: 1 / 10, burst: 50 };

/**
 * Makes a recorder of refusals. A flood cannot fill the disk: one address is recorded 5 times and then once a minute,
 * all addresses together 50 times and then once in 10 s (some 4 MB a day); the next record says how many were left
 * out before it.
 */
export function limitedRecorder(log: AuditLog, clock: Clock): LimitedRecorder {
  const limited = limitedRecords(clock, EACH_ADDRESS, ALL_ADDRESSES);
  return (address, record) => {
    try {
      limited.record(addressKey(address), (leftOut) => {
        const detail = { ...record.detail, ...(leftOut > 0 ? { left_out_before: leftOut } : {}) };
        log.append({ ...record, detail });
        // Not awaited: the refusal permits nothing, so nothing waits for its record.
        log.sync().catch(() => {});
      });
    } catch {
      // The log cannot take it: whoever failed is refused all the same, and the log reports itself in readyz.
    }
  };
}
