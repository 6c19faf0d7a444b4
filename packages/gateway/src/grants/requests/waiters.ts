import type { Clock } from "../../kernel/clock.ts";

/** Those who wait for a request to change. */
export interface Waiters {
  /** Wakes everyone who waits for this id. */
  wake(id: string): void;
  ids(): Iterable<string>;
  /** Registers at once. `woken` settles at the next wake, after `ms`, or when the signal aborts. */
  next(
    id: string,
    ms: number,
    signal: AbortSignal | undefined,
  ): { readonly woken: Promise<void>; cancel(): void };
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wake(id) {
      for (const settle of waiting.get(id) ?? []) settle();
    },
    ids: () => waiting.keys(),
    next(id, ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancelTimer = clock.schedule(ms, () => settle());
      const settle = (): void => {
        cancelTimer();
        signal?.removeEventListener("abort", settle);
        const others = waiting.get(id);
        others?.delete(settle);
        if (others?.size === 0) waiting.delete(id);
        resolve();
      };
      const mine = waiting.get(id) ?? new Set();
      mine.add(settle);
      waiting.set(id, mine);
      signal?.addEventListener("abort", settle);
      if (signal?.aborted === true) settle();
      return { woken: promise, cancel: settle };
    },
  };
}
