import type { Limits } from "../configuration/types.ts";
import type { Refusal } from "./gate.ts";
import { createPlaces } from "./places.ts";

/** A session's places, to be given back once. */
export interface SessionPlaces {
  leave(): void;
}

/** Counts sessions by grant and by principal, so that one agent cannot take every connection of a database. */
export function createSessionPlaces(limits: () => Limits): {
  takePlaces(grant: string, principal: string): SessionPlaces | Refusal;
  /** The places of a session that is not counted. */
  readonly nothing: SessionPlaces;
} {
  const byGrant = createPlaces(() => ({
    perKey: limits().sessionsPerGrant,
    total: Number.POSITIVE_INFINITY,
  }));
  const byPrincipal = createPlaces(() => ({
    perKey: limits().sessionsPerPrincipal,
    total: Number.POSITIVE_INFINITY,
  }));
  const full = (whose: string, places: number): Refusal => ({
    code: "too_many",
    refused: {
      rule: "limits",
      message: `${whose} has ${places} sessions open, as many as it may`,
      remedy: "correct",
      hint: "close one, or use a pool that keeps fewer",
    },
  });
  return {
    takePlaces(grant, principal) {
      const first = byGrant.take(grant);
      if (first === undefined) return full(`grant ${grant}`, limits().sessionsPerGrant);
      const second = byPrincipal.take(principal);
      if (second === undefined) {
        first();
        return full("the agent", limits().sessionsPerPrincipal);
      }
      return {
        leave() {
          first();
          second();
        },
      };
    },
    nothing: { leave: () => undefined },
  };
}
