import { formatDuration } from "../kernel/durations.ts";
import type { FindPaths, KnownPaths } from "../kernel/known-paths.ts";
import { requesterKey } from "../kernel/requester.ts";
import type { KeptPath, ProbedFrom, ProbedPath, ProbeStore } from "./store.ts";
import { placesOf, targetDigest } from "./told.ts";
import type { KeptTarget, ProbedEndpoint } from "./types.ts";
import type { Judged } from "./verdict.ts";

// What reports say of the paths beside the gateway, to whoever decides about an ask.

/** How far the clock of another gateway may be ahead, milliseconds. */
const CLOCK_SKEW_MS = 60_000;
/** Ways in words that a denial names. */
const MAX_NAMED = 3;

/** What a report says of each connection that it is of, and of what belongs to none. */
export function pathsOfReport(
  { connections, open, undecided }: Judged,
  told: readonly KeptTarget[],
  facts: Pick<ProbedPath, "probe" | "reportedAt">,
): readonly ProbedPath[] {
  const targets = new Map(told.map((target) => [target.connection, target]));
  const verdict = open.length > 0 ? "open" : undecided.length > 0 ? "undecided" : "closed";
  const others = open.length > 0 ? open : undecided;
  return [
    { ...facts, verdict, target: "", places: [], why: others.slice(0, MAX_NAMED) },
    ...connections.map(({ connection, verdict: its }): ProbedPath => {
      const endpoints = targets.get(connection)?.endpoints ?? [];
      const where = { target: targetDigest(endpoints), places: endpoints.flatMap(placesOf) };
      return { ...facts, connection, verdict: its, ...where, why: [] };
    }),
  ];
}

/** To what, and when. */
interface PathsTo {
  readonly connection: string;
  /** `targetDigest` of where the connection leads now; undefined: nobody knows. */
  readonly target: string | undefined;
  /** Now, milliseconds since the epoch. */
  readonly at: number;
}

const found = (verdict: ProbedPath["verdict"]): string => (verdict === "undecided" ? "undecided" : "open");

/**
 * Whether the paths to a connection are closed, by the last report of it.
 * @param paths what is kept of a host
 */
export function closedPathsOf(paths: readonly KeptPath[], { connection, target, at }: PathsTo): KnownPaths {
  const own = paths.find((path) => path.connection === connection);
  if (own === undefined) return { why: `the last probe from here was not of ${connection}` };
  const { verdict, reportedAt, probe } = own;
  const ago = (ms: number): string => `${formatDuration(Math.max(0, at - ms))} ago`;
  if (verdict !== "closed" && verdict !== "no_address")
    return { why: `${connection} was found ${found(verdict)} from here ${ago(reportedAt)}` };
  if (target === undefined) return { why: `nobody knows where ${connection} leads` };
  if (own.target !== target)
    return { why: `${connection} leads elsewhere since it was probed ${ago(reportedAt)}` };
  const elsewhere = paths.find((path) => isOpenThere(path, own));
  if (elsewhere !== undefined) {
    const { connection: other = "", verdict: its, reportedAt: then } = elsewhere;
    return {
      why: `${other}, which leads to the same server, was found ${found(its)} from here ${ago(then)}`,
    };
  }
  const others = paths.find((path) => path.connection === undefined);
  if (others === undefined) return { why: "whether another way is open from here is not known" };
  if (others.verdict !== "closed")
    return { why: `another way was found ${found(others.verdict)} from here: ${others.why.join(", ")}` };
  if (reportedAt > at + CLOCK_SKEW_MS)
    return { why: "the last probe from here has a time that is still to come" };
  return { closedAt: reportedAt, probe };
}

/** Whether another connection that leads to the same server was not found closed, by the same report or one that came later. */
function isOpenThere({ connection, verdict, places, arrival }: KeptPath, own: KeptPath): boolean {
  if (connection === undefined) return false;
  if (verdict === "closed" || verdict === "no_address" || arrival < own.arrival) return false;
  return places.some((place) => own.places.includes(place));
}

export interface ClosedPathsParts {
  readonly store: Pick<ProbeStore, "paths" | "isProbedFrom">;
  /** Where a connection leads now; undefined: nobody knows. */
  readonly endpointsOf: (connection: string) => readonly ProbedEndpoint[] | undefined;
  readonly now: () => number;
}

/** Looks up in the store what probes say. */
export function closedPaths({ store, endpointsOf, now }: ClosedPathsParts): FindPaths {
  /** Why nothing is known of a host. */
  async function whyUnknown(from: ProbedFrom): Promise<string> {
    if (!(await store.isProbedFrom(from))) return "no probe from here is known";
    return from.key === undefined
      ? "the probe from here was reported under a key, and this token is bound to none"
      : "no probe from here was signed with the key that this token is bound to";
  }

  return async ({ requester, from: place, connection }) => {
    const from = { requester: requesterKey(requester), ...place };
    const paths = await store.paths(from, connection);
    if (paths.length === 0) return { why: await whyUnknown(from) };
    const endpoints = endpointsOf(connection);
    const target = endpoints === undefined ? undefined : targetDigest(endpoints);
    return closedPathsOf(paths, { connection, target, at: now() });
  };
}
