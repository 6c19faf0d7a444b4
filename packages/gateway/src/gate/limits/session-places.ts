import type { Limits } from "../../configuration/types.ts";
import type { PlacesOf, SharedPlaces } from "../../grants/gateways/shared-places.ts";
import { createMutex } from "../../grants/durability/mutex.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { SessionRefused } from "../gate.ts";
import { placesUncounted } from "../refusals.ts";
import { createQuota } from "./quota.ts";

/** A session's places, to be released once. */
export interface SessionPlaces {
  readonly kind: "places";
  release(): void;
}

/** Where gateways that share a store count together. */
export interface SharedCount {
  readonly store: SharedPlaces;
  /** This gateway's run. */
  readonly life: string;
  readonly clock: Clock;
}

/** Places that nobody uses any more are kept so long, so that a pool may connect anew without the store. Milliseconds. */
export const SETTLE_AFTER_MS = 1000;

const full = (whose: string, places: number): SessionRefused => ({
  kind: "refused",
  code: "too_many",
  denial: {
    rule: "limits",
    message: `${whose} has ${places} sessions open, as many as it may`,
    remedy: "correct",
    hint: "close one, or use a pool that keeps fewer",
  },
});

/** Counts sessions by grant and by principal, so that one agent cannot take every connection of a database. */
export function createSessionPlaces(
  limits: () => Limits,
  shared?: SharedCount,
): {
  acquire(grant: string, principal: string): Promise<SessionPlaces | SessionRefused>;
} {
  const boundOf = (of: PlacesOf): number =>
    of === "grant" ? limits().sessionsPerGrant : limits().sessionsPerPrincipal;
  const sessions = createQuota(() => ({ grant: boundOf("grant"), principal: boundOf("principal") }));
  const share = shared === undefined ? undefined : createShare(shared, (of, key) => sessions.of(of, key));

  return {
    async acquire(grant, principal) {
      const refused = (of: string): SessionRefused =>
        of === "grant" ? full(`grant ${grant}`, boundOf("grant")) : full("the agent", boundOf("principal"));
      const taken = sessions.acquire({ grant, principal });
      if ("full" in taken) return refused(taken.full);
      const places: SessionPlaces = {
        kind: "places",
        release() {
          taken.release();
          share?.released(grant, principal);
        },
      };
      if (share === undefined) return places;
      try {
        const isFull = await share.cover(grant, principal, boundOf);
        if (isFull === undefined) return places;
        places.release();
        return refused(isFull);
      } catch (error) {
        places.release();
        return placesUncounted(error);
      }
    },
  };
}

/** What this gateway has said to the store that it holds: never less than it does. */
function createShare(
  { store, life, clock }: SharedCount,
  held: (of: PlacesOf, key: string) => number,
): {
  cover(grant: string, principal: string, boundOf: (of: PlacesOf) => number): Promise<PlacesOf | undefined>;
  released(grant: string, principal: string): void;
} {
  const said = { grant: new Map<string, number>(), principal: new Map<string, number>() };
  const planned = new Set<string>();
  /** Of whom the store may hold more than was heard from it: a claim of theirs has failed. */
  const unsure = new Set<string>();
  const inTurn = createMutex();

  const settle = async (of: PlacesOf, key: string): Promise<void> => {
    const places = held(of, key);
    const before = said[of].get(key) ?? 0;
    if (before <= places && !unsure.has(`${of} ${key}`)) return;
    await store.settle(life, { of, key, places });
    unsure.delete(`${of} ${key}`);
    if (places > 0) said[of].set(key, Math.min(before, places));
    else said[of].delete(key);
  };
  const settleLater = (of: PlacesOf, key: string, principal: string): void => {
    const name = `${of} ${key}`;
    if (planned.has(name)) return;
    planned.add(name);
    clock.schedule(SETTLE_AFTER_MS, () => {
      planned.delete(name);
      // A store that is away is told later: until then others have fewer.
      inTurn(principal, () => settle(of, key)).catch(() => settleLater(of, key, principal));
    });
  };

  return {
    // All that is said of a grant is said in its principal's turn.
    cover: (grant, principal, boundOf) =>
      inTurn(principal, async () => {
        const keys = { grant, principal };
        const wanted = (["grant", "principal"] as const)
          .map((of) => ({ of, key: keys[of], places: held(of, keys[of]), bound: boundOf(of) }))
          .filter(({ of, key, places }) => (said[of].get(key) ?? 0) < places);
        if (wanted.length === 0) return undefined;
        for (const { of, key } of wanted) unsure.add(`${of} ${key}`);
        const isFull = await store.claim(life, wanted);
        for (const { of, key } of wanted) unsure.delete(`${of} ${key}`);
        if (isFull !== undefined) return isFull;
        for (const { of, key, places } of wanted) said[of].set(key, places);
        return undefined;
      }),
    released(grant, principal) {
      settleLater("grant", grant, principal);
      settleLater("principal", principal, principal);
    },
  };
}
