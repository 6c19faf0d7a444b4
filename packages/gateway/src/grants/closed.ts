import type { Core } from "./core.ts";
import { reading } from "./errors.ts";
import type { Grant } from "./types.ts";

/** A grant that has ended, as whoever proves its secret, or owns it, is told. */
export interface ClosedGrant {
  readonly requester: Grant["requester"];
  readonly connection: string;
  /** How it ended, for people to read. */
  readonly reason: string;
  /** Of its secret, which opens nothing any more; absent when it was never collected. */
  readonly verifier?: string;
}

/** How many are remembered after a look into the store. */
const MAX_REMEMBERED = 1000;
/** How many unknown ids are looked up in a second: whoever guesses ids must not occupy the store. */
const MAX_LOOKUPS_PER_SECOND = 20;

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
 * Makes the finder of ended grants, so that an agent whose grant is over is told so instead of "wrong password". It gives
 * access to nothing: the gate opens sessions on live grants alone.
 * @returns undefined for what is live, unknown, or not looked up
 */
export function createClosed(core: Core): (id: string) => Promise<ClosedGrant | undefined> {
  const remembered = new Map<string, ClosedGrant>();
  let second = Number.NEGATIVE_INFINITY;
  let lookups = 0;

  const mayLook = (): boolean => {
    const now = core.clock.monotonic();
    if (now - second >= 1000) {
      second = now;
      lookups = 0;
    }
    lookups += 1;
    return lookups <= MAX_LOOKUPS_PER_SECOND;
  };

  return async (id) => {
    const here = core.endedHere.get(id);
    const verifier = here?.verifier ?? here?.grant.verifier ?? remembered.get(id)?.verifier;
    if (here !== undefined && verifier !== undefined) return closedOf(here.grant, verifier);
    const known = remembered.get(id);
    if (known !== undefined) return known;
    if (core.live.get(id) !== undefined || !mayLook()) return undefined;
    const stored = await reading(core.store.grant(id)).catch(() => undefined);
    const ended = here?.grant ?? stored;
    if (ended === undefined || ended.state === "active") return undefined;
    const closed = closedOf(ended, stored?.verifier);
    remembered.set(id, closed);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return closed;
  };
}
