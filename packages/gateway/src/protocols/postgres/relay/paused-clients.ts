import type { Clock } from "../../../kernel/clock.ts";

/** A session whose client may be paused. */
export interface MaybePaused {
  /** Whether its client is not read now. */
  readonly isPaused: () => boolean;
  /** Says something to its client that means nothing. */
  readonly probe: () => void;
}

/** The sessions of one port, of which it is looked whether paused clients are still there. */
export interface PausedClients {
  /** @returns to be called when the session is over */
  watch(session: MaybePaused): () => void;
}

/** How often it is looked, milliseconds: a client that is paused at two looks is probed. */
export const LOOK_EVERY_MS = 5000;

/**
 * The end of a client that is not read is not seen: its last bytes wait before it, and where these fill the connection's
 * buffers it has not even arrived. What is written to it is answered with a reset by then, and the next write fails.
 */
export function createPausedClients(clock: Pick<Clock, "schedule">): PausedClients {
  /** Whether each was paused at the last look. */
  const sessions = new Map<MaybePaused, boolean>();
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    clock.schedule(LOOK_EVERY_MS, look);
  };
  const look = (): void => {
    isPlanned = false;
    for (const [session, wasPaused] of sessions) {
      const isPaused = session.isPaused();
      sessions.set(session, isPaused);
      if (wasPaused && isPaused) session.probe();
    }
    if (sessions.size > 0) plan();
  };

  return {
    watch(session) {
      sessions.set(session, false);
      plan();
      return () => sessions.delete(session);
    },
  };
}
