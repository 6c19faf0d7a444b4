import type { Clock } from "../../kernel/clock.ts";

/** How often a session is checked while its answers are streaming: another gateway may have ended it. Milliseconds. */
const CHECK_INTERVAL_MS = 5_000;

/** Watches sessions by their digest while their answers are streaming. */
export interface SessionWatches {
  /** @returns ends the watch */
  watch(digest: string, ended: (reason: string) => void): () => void;
  /** Tells everyone who watches the session, once, that it has ended. */
  end(digest: string, reason: string): void;
  close(): void;
}

interface Watched {
  readonly listeners: Set<(reason: string) => void>;
  cancel: () => void;
}

/**
 * @param left milliseconds until a session is over, as the store knows it now; 0 or less when it is. When it rejects,
 * nobody knows, and the session counts as over for what goes on
 */
export function sessionWatches(clock: Clock, left: (digest: string) => Promise<number>): SessionWatches {
  const watched = new Map<string, Watched>();

  function end(digest: string, reason: string): void {
    const one = watched.get(digest);
    if (one === undefined) return;
    watched.delete(digest);
    one.cancel();
    for (const listener of one.listeners) listener(reason);
  }

  async function look(digest: string, one: Watched): Promise<void> {
    const more = await left(digest);
    if (watched.get(digest) !== one) return;
    if (more > 0) lookIn(digest, one, more);
    else end(digest, "the browser session is over");
  }

  function lookIn(digest: string, one: Watched, ms: number): void {
    one.cancel = clock.schedule(Math.min(CHECK_INTERVAL_MS, Math.max(0, ms)), () => {
      look(digest, one).catch(() => end(digest, "the browser session could not be verified"));
    });
  }

  return {
    watch(digest, ended) {
      let one = watched.get(digest);
      if (one === undefined) {
        one = { listeners: new Set(), cancel: () => {} };
        watched.set(digest, one);
        lookIn(digest, one, CHECK_INTERVAL_MS);
      }
      const { listeners } = one;
      // A function of its own, so that one listener given twice is told twice.
      const listener = (reason: string): void => ended(reason);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        const still = watched.get(digest);
        if (listeners.size > 0 || still?.listeners !== listeners) return;
        still.cancel();
        watched.delete(digest);
      };
    },
    end,
    close() {
      for (const one of watched.values()) one.cancel();
      watched.clear();
    },
  };
}
