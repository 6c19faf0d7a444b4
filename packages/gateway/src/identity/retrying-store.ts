import type { Clock } from "../kernel/clock.ts";

/** The pause between retries of failed writes, milliseconds. */
const RETRY_MS = 1000;
/** The most failed writes that wait; beyond it the oldest are dropped. */
const MAX_WAITING = 20_000;

/** Writes to a store, and retries the writes that fail. */
export interface RetryingStore<Thing> {
  /**
   * Writes them. A failed write is retried until the store takes it, because its sender may not send it twice.
   * @throws the error of the first try
   */
  keep(things: readonly Thing[]): Promise<void>;
  stop(): void;
}

/**
 * Makes a retrying store.
 * @param store must be idempotent, and must accept writes in any order
 */
export function retryingStore<Thing>(
  store: (things: readonly Thing[]) => Promise<void>,
  { clock, fault }: { readonly clock: Clock; readonly fault: (error: unknown) => void },
): RetryingStore<Thing> {
  const waiting = new Set<readonly Thing[]>();
  let cancel: (() => void) | undefined;
  let isStopped = false;

  /** Sequential: the first failure shows that the store is still away. */
  async function again(): Promise<void> {
    for (const things of waiting) {
      if (isStopped) return;
      await store(things);
      waiting.delete(things);
    }
  }

  function later(): void {
    if (isStopped || cancel !== undefined || waiting.size === 0) return;
    cancel = clock.schedule(RETRY_MS, () => {
      void again()
        .catch(fault)
        .finally(() => {
          cancel = undefined;
          later();
        });
    });
  }

  return {
    async keep(things) {
      if (things.length === 0) return;
      try {
        await store(things);
      } catch (error) {
        waiting.add(things);
        const [oldest] = waiting;
        if (waiting.size > MAX_WAITING && oldest !== undefined) waiting.delete(oldest);
        later();
        throw error;
      }
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
