import { formatDuration } from "../../kernel/durations.ts";
import { leaseFits, leaseInWords } from "../../policy/lease.ts";
import type { Terms } from "../../policy/types.ts";

/**
 * Why terms do not permit an ask whose lease is too long or missing, and how to ask; undefined when they do.
 * @param asked the lease asked for, milliseconds; undefined: none
 */
export function leaseMissing(
  { policy, lease }: Pick<Terms, "policy" | "lease">,
  asked: number | undefined,
): string | undefined {
  if (lease === undefined || leaseFits({ lease }, asked)) return undefined;
  return (
    `policy "${policy}" demands ${leaseInWords(lease)}${asked === undefined ? "" : `, not one of ${formatDuration(asked)}`}; ` +
    "ask with `lease` and renew it while the task runs, as mayfly run and the SDK's withGrant do by themselves"
  );
}
