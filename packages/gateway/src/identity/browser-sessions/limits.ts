import { deadlineAfter, deadlineAt, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import type { BrowserSession } from "./store.ts";

/** How long sessions live, milliseconds. */
export interface SessionLimits {
  readonly idle: number;
  readonly absolute: number;
}

/** The two ends of a session, on both clocks. */
export interface SessionEnds {
  /** Milliseconds until the session ends if it is not used; 0 or less when it has ended. */
  remaining(session: BrowserSession): number;
  /** Milliseconds until its absolute end. */
  remainingAbsolute(session: BrowserSession): number;
  /** Records a use: the idle end moves. */
  used(session: BrowserSession): void;
  forget(id: string): void;
}

interface MeasuredSession {
  /** `lastSeenAt` in the store when `idle` was computed. */
  lastSeenAt: number;
  idle: Deadline;
  readonly absolute: Deadline;
}

/** How many sessions are cached; an evicted one is computed from the store again. */
const MAX_REMEMBERED_SESSIONS = 10_000;

/**
 * Measures sessions on the wall clock, which the store and all gateways share, and on this process's monotonic clock.
 * The earlier end counts, so that a clock stepped back extends nothing. A session that began in the future has ended.
 */
export function sessionEnds(clock: Clock, limits: SessionLimits): SessionEnds {
  const sessions = boundedMap<MeasuredSession>(MAX_REMEMBERED_SESSIONS);

  function lookAt(session: BrowserSession): MeasuredSession {
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
    Math.max(signedInAt, lastSeenAt) > clock.wall() + CLOCK_SKEW_MS;

  return {
    remaining(session) {
      if (isFromTheFuture(session)) return 0;
      const { idle, absolute } = lookAt(session);
      return Math.min(remaining(clock, idle), remaining(clock, absolute));
    },
    remainingAbsolute(session) {
      return isFromTheFuture(session) ? 0 : remaining(clock, lookAt(session).absolute);
    },
    used(session) {
      lookAt(session).idle = deadlineAfter(clock, limits.idle);
    },
    forget: (id) => sessions.delete(id),
  };
}
