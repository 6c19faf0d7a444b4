import { bounds } from "../bounds.ts";
import type { SessionRefused } from "../gate.ts";
import type { GateParts } from "../parts.ts";
import { tooManyWebSessions } from "../refusals.ts";
import { createQuota } from "./quota.ts";
import { createSessionPlaces, type SessionPlaces } from "./session-places.ts";

/**
 * Makes the taker of a session's places. Sessions of a port of their own each cost the target a connection; those over
 * HTTP share what they use of it.
 */
export function createPlacesOf(
  gate: GateParts,
): (hasOwnPort: boolean, grant: string, principal: string) => Promise<SessionPlaces | SessionRefused> {
  const { sharedPlaces, clock } = gate;
  const portSessions = createSessionPlaces(
    () => gate.configuration().limits,
    sharedPlaces === undefined ? undefined : { ...sharedPlaces, clock },
  );
  const webSessions = createQuota(bounds.webSessions);
  return async (hasOwnPort, grant, principal) => {
    if (hasOwnPort) return portSessions.acquire(grant, principal);
    const place = webSessions.acquire({ grant, principal });
    if ("full" in place) return tooManyWebSessions(place.full);
    return { kind: "places", release: () => place.release() };
  };
}
