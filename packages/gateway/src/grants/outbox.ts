import type { Clock } from "../kernel/clock.ts";

/** Work that must happen sooner or later: the records and stored ends of what has already ended in memory. */
export interface Outbox {
  /**
   * Tries at once, and again every second until it succeeds.
   * @returns settles with the first try; after a rejection the work stays in the box
   */
  add(task: () => Promise<void>): Promise<void>;
  /** Tries everything in the box once more. */
  retry(): Promise<void>;
  /** How much is waiting. */
  readonly size: number;
  /** Stops trying. */
  stop(): void;
}

/**
 * Makes an outbox. Its size is bounded by what was live or pending when log and store went away, because nothing
 * new begins without them.
 */
export function createOutbox(clock: Clock, every = 1000): Outbox {
  const waiting = new Set<() => Promise<void>>();
  let cancel: (() => void) | undefined;
  let retrying: Promise<void> | undefined;
  let stopped = false;

  const arm = (): void => {
    if (stopped || cancel !== undefined || waiting.size === 0) return;
    cancel = clock.schedule(every, () => {
      cancel = undefined;
      void retry();
    });
  };
  const once = async (): Promise<void> => {
    for (const task of waiting) {
      try {
        await task();
        waiting.delete(task);
      } catch {
        // Stays for the next round.
      }
    }
  };
  const retry = async (): Promise<void> => {
    retrying ??= once().finally(() => {
      retrying = undefined;
      arm();
    });
    await retrying;
  };
  return {
    async add(task) {
      try {
        await task();
      } catch (error) {
        waiting.add(task);
        arm();
        throw error;
      }
    },
    retry,
    get size() {
      return waiting.size;
    },
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}
