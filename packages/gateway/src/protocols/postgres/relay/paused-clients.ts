import type { Clock } from "../../../kernel/clock.ts";

/** A session whose client may be paused. */
export interface MaybePaused {
  /** Whether its client is not read now. */
  readonly isPaused: () => boolean;
  /** How much of it has been read so far, bytes. */
  readonly read: () => number;
  /** Says something to its client that means nothing. */
  readonly probe: () => void;
}

/** The sessions of one port, of which it is looked whether paused clients are still there. */
export interface PausedClients {
  /** @returns to be called when the session is over */
  watch(session: MaybePaused): () => void;
}

/** How often it is looked, milliseconds: a client that is paused at two looks, and was not read in between, is probed. */
export const LOOK_EVERY_MS = 5000;

/**
 * The end of a client that is not read is not seen: its last bytes wait before it, and where these fill the connection's
 * buffers it has not even arrived. What is written to it is answered with a reset by then, and the next write fails.
 */
export function createPausedClients(clock: Pick<Clock, "schedule">): PausedClients {
  /** How much had been read of each that was paused at the last look. */
  const sessions = new Map<MaybePaused, number | undefined>();
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    clock.schedule(LOOK_EVERY_MS, look);
  };
  const look = (): void => {
    isPlanned = false;
    for (const [session, before] of sessions) {
      const read = session.isPaused() ? session.read() : undefined;
      sessions.set(session, read);
      if (read !== undefined && read === before) session.probe();
    }
    if (sessions.size > 0) plan();
  };

  return {
    watch(session) {
      sessions.set(session, undefined);
      plan();
      return () => sessions.delete(session);
    },
  };
}
