import type { KnownPaths, Place } from "../../kernel/known-paths.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { closedPathsFit, closedPathsInWords } from "../../policy/closed-paths.ts";
import type { Terms } from "../../policy/types.ts";
import type { Core } from "../core.ts";
import { reading } from "../errors.ts";
import type { ClosedPaths, Requester } from "../types.ts";
import type { Facts } from "./plan.ts";

// Policies may demand that the paths beside the gateway were probed closed from where an agent asks (`mayfly probe`).

/** What is asked for, and from where. */
interface Asked {
  readonly requester: Requester;
  readonly connection: string;
  readonly operations: readonly string[];
}

/**
 * What is known of the paths beside the gateway; undefined where no policy asks.
 * @throws store_unavailable
 */
export async function knownPaths(
  { rules, findPaths }: Pick<Core, "rules" | "findPaths">,
  { requester, connection, operations }: Asked,
  from: Place,
): Promise<KnownPaths | undefined> {
  if (!rules.policies.demandsClosedPaths(connection, operations)) return undefined;
  if (findPaths === undefined) return { why: "no probe from here is known" };
  return reading(findPaths({ requester, from, connection }));
}

/** What is kept of closed paths; undefined where they are not known to be closed. */
export function keptPaths(known: KnownPaths | undefined, from: Place): ClosedPaths | undefined {
  return known === undefined || "why" in known ? undefined : { ...known, from };
}

/** The same as policies judge it. @param at when it is judged, milliseconds since the epoch */
export function pathFacts(
  known: KnownPaths | ClosedPaths | undefined,
  at: number,
): Pick<Facts, "closedFor" | "whyNotClosed"> {
  if (known === undefined) return {};
  return "why" in known ? { whyNotClosed: known.why } : { closedFor: Math.max(0, at - known.closedAt) };
}

/** Why terms do not permit an ask from where it comes, and what to run; undefined when they do. */
export function closedPathsMissing(
  { policy, closedPaths }: Pick<Terms, "policy" | "closedPaths">,
  { closedFor, whyNotClosed = "no probe from here is known" }: Pick<Facts, "closedFor" | "whyNotClosed">,
): string | undefined {
  if (closedPaths === undefined || closedPathsFit({ closedPaths }, closedFor)) return undefined;
  const why = closedFor === undefined ? whyNotClosed : `the last was ${formatDuration(closedFor)} ago`;
  return (
    `policy "${policy}" demands a host with ${closedPathsInWords(closedPaths)}: ${why}; ` +
    "get a token of an operator's (mayfly probe-token), run mayfly probe here, under this login, and ask again"
  );
}
