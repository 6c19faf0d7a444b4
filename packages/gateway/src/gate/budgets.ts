import type { LiveGrant } from "../grants/types.ts";
import type { Denial } from "./protocol.ts";

/** Counts what an operation may do only so often in a grant's whole life, whatever the number of its sessions. */
const spent = new WeakMap<LiveGrant, Map<string, number>>();

/**
 * Takes one from an operation's budget.
 * @returns undefined when there was one left, else the denial
 */
export function spend(live: LiveGrant, operation: string, budget: number): Denial | undefined {
  const counts = spent.get(live) ?? new Map<string, number>();
  spent.set(live, counts);
  const used = counts.get(operation) ?? 0;
  if (used < budget) {
    counts.set(operation, used + 1);
    return undefined;
  }
  return {
    rule: `${operation}: budget`,
    message: `grant ${live.grant.id} has used all ${budget} that ${operation} allows`,
    remedy: "ask",
    hint: "ask again: a new grant has a new budget",
  };
}
