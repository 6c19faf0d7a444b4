import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { NotificationStore, Settled } from "../store.ts";

/** Stores the results of attempts, many in one transaction: each transaction costs a disk sync. */
export interface OutcomeWriter {
  add(outcome: Settled): void;
  /** Whether an outcome of that delivery is not written yet. */
  holds(id: string): boolean;
  readonly size: number;
  /** Whether too many results wait to begin anything new: the store is slow or away. */
  readonly isFull: boolean;
  /** Writes the waiting results, once, and ends. */
  close(): Promise<void>;
}

/** The longest that a result waits for others in its transaction, milliseconds. */
const BATCH_WINDOW_MS = 20;
const MAX_BATCH = 256;

/** Makes one. @param parts `retryAfter`: how long after the store failed it is tried again, milliseconds */
export function createOutcomeWriter(parts: {
  readonly store: Pick<NotificationStore, "settle">;
  readonly clock: Clock;
  readonly retryAfter: number;
  /** Called when outcomes were written. */
  readonly written: () => void;
  readonly problem: (message: string) => void;
}): OutcomeWriter {
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
    let pause = BATCH_WINDOW_MS;
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
      plan(BATCH_WINDOW_MS);
    },
    holds: (id) => waiting.has(id),
    get size() {
      return waiting.size;
    },
    get isFull() {
      return waiting.size >= MAX_BATCH;
    },
    async close() {
      isClosed = true;
      cancel?.();
      await writing;
      if (waiting.size > 0) await write();
    },
  };
}
