import { deadlineAfter, deadlineAt, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { boundedMap } from "../bounded-map.ts";
import { skew } from "../check.ts";
import type { BrowserSession } from "./store.ts";

/** How long sessions live, milliseconds. */
export interface SessionLimits {
  readonly idle: number;
  readonly absolute: number;
}

/** The two ends of a session, on both clocks. */
export interface SessionEnds {
  /** Milliseconds until the session is over if it is not used; 0 or less when it is. */
  remaining(session: BrowserSession): number;
  /** Milliseconds until it is over whatever happens. */
  remainingAtAll(session: BrowserSession): number;
  /** The session was used now: its idle end moves. */
  used(session: BrowserSession): void;
  forget(id: string): void;
}

interface Known {
  /** What the store said when `idle` was worked out. */
  lastSeenAt: number;
  idle: Deadline;
  readonly absolute: Deadline;
}

/** How many sessions are remembered; one that is forgotten is worked out from the store again. */
const most = 10_000;

/**
 * Measures sessions on the wall clock, which the store and all gateways share, and on this process's monotonic clock:
 * the earlier end counts, so that a clock stepped back prolongs nothing. A session from the future is over.
 */
export function sessionEnds(clock: Clock, limits: SessionLimits): SessionEnds {
  const sessions = boundedMap<Known>(most);

  function lookAt(session: BrowserSession): Known {
    const { id, lastSeenAt, endsAt } = session;
    const known = sessions.get(id);
    if (known === undefined) {
      const made = {
        lastSeenAt,
        idle: deadlineAt(clock, lastSeenAt + limits.idle, limits.idle),
        absolute: deadlineAt(clock, endsAt, limits.absolute),
      };
      sessions.set(id, made);
      return made;
    }
    if (lastSeenAt > known.lastSeenAt) {
      // Another gateway saw it since.
      known.lastSeenAt = lastSeenAt;
      const theirs = deadlineAt(clock, lastSeenAt + limits.idle, limits.idle);
      if (theirs.monotonic > known.idle.monotonic) known.idle = theirs;
    }
    return known;
  }

  const isFromTheFuture = ({ signedInAt, lastSeenAt }: BrowserSession): boolean =>
    Math.max(signedInAt, lastSeenAt) > clock.wall() + skew;

  return {
    remaining(session) {
      if (isFromTheFuture(session)) return 0;
      const { idle, absolute } = lookAt(session);
      return Math.min(remaining(clock, idle), remaining(clock, absolute));
    },
    remainingAtAll(session) {
      return isFromTheFuture(session) ? 0 : remaining(clock, lookAt(session).absolute);
    },
    used(session) {
      lookAt(session).idle = deadlineAfter(clock, limits.idle);
    },
    forget: (id) => sessions.delete(id),
  };
}
