import { closedPathsFit } from "./closed-paths.ts";
import { leaseFits } from "./lease.ts";
import { sandboxFits } from "./sandbox.ts";
import type { PolicyEntry, Terms } from "./types.ts";

/** The terms of a permitting policy. @throws RangeError when it has no time-to-live */
export function termsOf(entry: PolicyEntry): Terms {
  if (entry.ttl === undefined) throw new RangeError(`policy ${entry.name} has no ttl`);
  const terms = {
    policy: entry.name,
    defaultTtl: entry.ttl.default,
    maxTtl: entry.ttl.max,
    ...(entry.lease === undefined ? {} : { lease: entry.lease }),
    ...(entry.closedPaths === undefined ? {} : { closedPaths: entry.closedPaths }),
    ...(entry.sandbox === true ? { sandbox: true as const } : {}),
    ...(entry.breakGlass === true ? { breakGlass: true as const } : {}),
  };
  return entry.approval === undefined ? terms : { ...terms, approval: entry.approval };
}

/** What an ask brings, as far as terms are compared by it. */
interface Brought {
  /** The time-to-live asked for, milliseconds; 0 when none is. */
  readonly requested: number;
  /** Milliseconds; left out: none is asked for. */
  readonly lease?: number | undefined;
  /** Milliseconds since the paths beside the gateway were probed closed; left out: they are not known to be. */
  readonly closedFor?: number | undefined;
  /** Whether it is for a command in a sandbox. */
  readonly sandbox?: true | undefined;
}

/**
 * Orders terms by what they ask of the agent, least first: those that cover what the ask brings, no approval before approval,
 * then the longer time-to-live. Equal ones keep the order of the file (use a stable sort).
 */
export function byLeastAsking({
  requested,
  lease,
  closedFor,
  sandbox,
}: Brought): (a: Terms, b: Terms) => number {
  const covers = (terms: Terms): number =>
    Number(
      terms.maxTtl >= requested &&
        leaseFits(terms, lease) &&
        closedPathsFit(terms, closedFor) &&
        sandboxFits(terms, sandbox),
    );
  const free = (terms: Terms): number => Number(terms.approval === undefined);
  return (a, b) => covers(b) - covers(a) || free(b) - free(a) || b.maxTtl - a.maxTtl;
}
