import { boundedMap } from "../../kernel/bounded-map.ts";
import { tokenBuckets } from "../../kernel/buckets.ts";
import type { Core } from "../core.ts";
import type { Grant } from "../types.ts";

/** An ended grant, as its owner, or a client that proves its secret, is told of it. */
export interface ClosedGrant {
  readonly requester: Grant["requester"];
  readonly connection: string;
  /** How it ended, for people to read. */
  readonly reason: string;
  /** Of its secret, which opens nothing any more; absent when it was never collected. */
  readonly verifier?: string;
}

/** How many are cached after a lookup in the store. */
const MAX_REMEMBERED = 1000;
/** How many unknown ids are looked up in a second: guessing ids must not load the store. */
const MAX_LOOKUPS_PER_SECOND = 100;

function closedOf(grant: Grant, verifier: string | undefined): ClosedGrant {
  const { id, requester, connection, endReason } = grant;
  return {
    requester,
    connection,
    reason: endReason ?? `grant ${id} has ended`,
    ...(verifier === undefined ? {} : { verifier }),
  };
}

/**
 * Makes the lookup of grants that are not live here, so that an agent is told that its grant ended instead of "wrong
 * password", and let in on one that another gateway made a moment ago. It opens nothing: the gate opens sessions on live
 * grants alone.
 * @param lookUp reads a grant from the store, and makes it live here where it may be
 * @returns of the lookup: undefined for what is live (perhaps since now), unknown, or not looked up
 */
export function createClosedGrants(
  core: Core,
  lookUp: (id: string) => Promise<Grant | undefined>,
): (id: string) => Promise<ClosedGrant | undefined> {
  const remembered = boundedMap<ClosedGrant>(MAX_REMEMBERED);
  const lookups = tokenBuckets(core.clock, MAX_LOOKUPS_PER_SECOND, MAX_LOOKUPS_PER_SECOND, 1);

  return async (id) => {
    const here = core.endedHere.get(id);
    const verifier = here?.verifier ?? here?.grant.verifier ?? remembered.get(id)?.verifier;
    if (here !== undefined && verifier !== undefined) return closedOf(here.grant, verifier);
    const known = remembered.get(id);
    if (known !== undefined) return known;
    if (core.live.get(id) !== undefined || lookups.consume("all") > 0) return undefined;
    const stored = await lookUp(id).catch(() => undefined);
    const ended = here?.grant ?? stored;
    if (ended === undefined || ended.state === "active") return undefined;
    const closed = closedOf(ended, stored?.verifier);
    remembered.set(id, closed);
    return closed;
  };
}
