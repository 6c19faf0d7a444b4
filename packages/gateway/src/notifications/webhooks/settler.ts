import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { NotificationStore, Settled } from "../store.ts";

/** Writes down what came of attempts, many with one transaction: each costs a disk's sync. */
export interface Settler {
  add(outcome: Settled): void;
  /** Whether an outcome of that delivery is not written yet. */
  holds(id: string): boolean;
  readonly size: number;
  /** Whether so many wait that nothing new should begin: the store is slow or away. */
  readonly isFull: boolean;
  /** Writes what waits, once, and ends. */
  close(): Promise<void>;
}

/** Outcomes are written this long after the first of them, milliseconds. */
const within = 20;
const most = 256;

/** Makes one. @param parts `retryAfter`: how long after the store failed it is tried again, milliseconds */
export function createSettler(parts: {
  readonly store: Pick<NotificationStore, "settle">;
  readonly clock: Clock;
  readonly retryAfter: number;
  /** Called when outcomes were written. */
  readonly written: () => void;
  readonly problem: (message: string) => void;
}): Settler {
  const { store, clock } = parts;
  const waiting = new Map<string, Settled>();
  let cancel: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let isClosed = false;

  function plan(ms: number): void {
    if (cancel !== undefined || writing !== undefined || isClosed) return;
    cancel = clock.schedule(ms, () => {
      cancel = undefined;
      writing = write();
    });
  }

  async function write(): Promise<void> {
    const outcomes = [...waiting.values()];
    let pause = within;
    try {
      await store.settle(outcomes);
      for (const outcome of outcomes) if (waiting.get(outcome.id) === outcome) waiting.delete(outcome.id);
    } catch (error) {
      pause = parts.retryAfter;
      parts.problem(`what came of deliveries could not be written: ${messageOf(error)}`);
    }
    writing = undefined;
    if (waiting.size > 0) plan(pause);
    if (!isClosed) parts.written();
  }

  return {
    add(outcome) {
      waiting.set(outcome.id, outcome);
      plan(within);
    },
    holds: (id) => waiting.has(id),
    get size() {
      return waiting.size;
    },
    get isFull() {
      return waiting.size >= most;
    },
    async close() {
      isClosed = true;
      cancel?.();
      await writing;
      if (waiting.size > 0) await write();
    },
  };
}
