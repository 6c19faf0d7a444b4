import { formatDuration } from "../../kernel/durations.ts";
import { leaseInWords } from "../../policy/lease.ts";

/**
 * Why terms do not permit an ask whose lease is too long or missing, and how to ask.
 * @param maxLease the longest lease that the policy takes, milliseconds
 * @param asked the lease asked for, milliseconds; undefined: none
 */
export function leaseMissing(policy: string, maxLease: number, asked: number | undefined): string {
  return (
    `policy "${policy}" demands ${leaseInWords(maxLease)}${asked === undefined ? "" : `, not one of ${formatDuration(asked)}`}; ` +
    "ask with `lease` and renew it while the task runs, as mayfly run and the SDK's withGrant do by themselves"
  );
}
