import type { Clock } from "../../kernel/clock.ts";

/** Work that must be completed eventually: the records and stored ends of what has already ended in memory. */
export interface Outbox {
  /**
   * Tries at once, and again every second until it succeeds.
   * @returns settles with the first try; after a rejection the work stays in the box
   */
  add(task: () => Promise<void>): Promise<void>;
  /** Tries everything in the box once more. */
  retry(): Promise<void>;
  /** How many items wait. */
  readonly size: number;
  /** Whether nothing is waiting or being tried. */
  readonly isIdle: boolean;
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
  let trying = 0;

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
        // The item stays for the next round.
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
      trying += 1;
      try {
        await task();
      } catch (error) {
        waiting.add(task);
        arm();
        throw error;
      } finally {
        trying -= 1;
      }
    },
    retry,
    get size() {
      return waiting.size;
    },
    get isIdle() {
      return waiting.size === 0 && trying === 0;
    },
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}
