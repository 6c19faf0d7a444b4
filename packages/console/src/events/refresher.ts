import type { QueryKey } from "./invalidate.ts";

/** Gathers what is out of date, and asks for it again in rounds. */
export interface Refresher {
  readonly stale: (keys: readonly QueryKey[]) => void;
  readonly stop: () => void;
}

/**
 * Asks again for what is out of date, one round at a time: a round that takes long is waited for, never cut short by
 * the next one, so that a slow line still gets its answers; and rounds keep their distance, since sessions may act all
 * the time.
 * @param ask asks again for one key's answers; resolves when they have come
 * @param gather how long keys that come together are gathered, milliseconds
 * @param apart the least time from the beginning of a round to that of the next, milliseconds
 */
export function createRefresher(
  ask: (key: QueryKey) => Promise<unknown>,
  gather: number,
  apart: number,
): Refresher {
  const waiting = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let stopped = false;
  let last = Number.NEGATIVE_INFINITY;
  const schedule = (): void => {
    if (busy || stopped || waiting.size === 0) return;
    timer ??= setTimeout(() => void round(), Math.max(gather, last + apart - performance.now()));
  };
  const round = async (): Promise<void> => {
    timer = undefined;
    busy = true;
    last = performance.now();
    const keys = [...waiting.values()];
    waiting.clear();
    await Promise.allSettled(keys.map(ask));
    busy = false;
    schedule();
  };
  return {
    stale(keys) {
      for (const key of keys) waiting.set(JSON.stringify(key), key);
      schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
