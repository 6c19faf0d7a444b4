import { leaseFits } from "./lease.ts";
import type { PolicyEntry, Terms } from "./types.ts";

/** The terms of a permitting policy. @throws RangeError when it has no time-to-live */
export function termsOf(entry: PolicyEntry): Terms {
  if (entry.ttl === undefined) throw new RangeError(`policy ${entry.name} has no ttl`);
  const terms = {
    policy: entry.name,
    defaultTtl: entry.ttl.default,
    maxTtl: entry.ttl.max,
    ...(entry.lease === undefined ? {} : { lease: entry.lease }),
    ...(entry.breakGlass === true ? { breakGlass: true as const } : {}),
  };
  return entry.approval === undefined ? terms : { ...terms, approval: entry.approval };
}

/**
 * Orders terms by what they ask of the agent, least first: those that cover the time-to-live and the lease asked for, no
 * approval before approval, then the longer time-to-live. Equal ones keep the order of the file (use a stable sort).
 * @param requested milliseconds; 0 when none is asked for
 * @param lease milliseconds; undefined when none is asked for
 */
export function byLeastAsking(requested: number, lease?: number): (a: Terms, b: Terms) => number {
  const covers = (terms: Terms): number => Number(terms.maxTtl >= requested && leaseFits(terms, lease));
  const free = (terms: Terms): number => Number(terms.approval === undefined);
  return (a, b) => covers(b) - covers(a) || free(b) - free(a) || b.maxTtl - a.maxTtl;
}
