import { backoffOf } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Destination, LeavingCheckpoint } from "./destination.ts";

/** How long one attempt may take in all, milliseconds. What a file system holds up goes on behind it. */
export const ATTEMPT_MS = 30_000;
/** How long after failures in a row the next attempt comes, milliseconds. */
const RETRY = { first: 5000, max: 300_000 };

/** What is known of a destination, for metrics. */
export interface DestinationState {
  readonly name: string;
  readonly kind: string;
  /** Whether the last attempt succeeded; true before the first. */
  readonly isUp: boolean;
  /** How many records the newest checkpoint there covers. */
  readonly records: number;
  /** How long a newer one has been waiting, milliseconds; 0 when there is none. */
  readonly behind: number;
  readonly delivered: number;
  readonly failed: number;
}

/** Brings the newest checkpoint to one destination. Nothing queues: a newer one takes the older one's place. */
export interface Courier {
  /** There is a newer checkpoint. It leaves with the next `go`. */
  offer(checkpoint: LeavingCheckpoint): void;
  /** Starts an attempt, unless one runs or there is nothing newer. After a failure it comes back by itself. */
  go(): void;
  /** Whether the destination lacks the newest checkpoint. */
  readonly isBehind: boolean;
  /** Settles with the attempt that runs, if one does. Never rejects. */
  readonly settled: () => Promise<void>;
  readonly state: () => DestinationState;
  /** Plans no more attempts. */
  rest(): void;
  /** Ends what runs, and lets go. */
  close(): Promise<void>;
}

/** What a courier is made of. */
export interface CourierParts {
  readonly name: string;
  readonly kind: string;
  readonly destination: Destination;
  readonly clock: Clock;
  /** What is brought there: the checkpoint with the cosignatures that are there by then. */
  readonly prepare: (checkpoint: LeavingCheckpoint) => Promise<LeavingCheckpoint>;
  readonly onFailed: (message: string, failures: number) => void;
  readonly onRecovered: (records: number) => void;
  readonly onSettled: () => void;
}

export function createCourier(parts: CourierParts): Courier {
  const { name, kind, destination, clock } = parts;
  const stopping = new AbortController();
  let newest: LeavingCheckpoint | undefined;
  let there: LeavingCheckpoint | undefined;
  let running: Promise<void> | undefined;
  /** The attempt before, whose time was over, and which a file system still holds up. */
  let isHeldUp = false;
  let failures = 0;
  let delivered = 0;
  let failed = 0;
  let behindSince: number | undefined;
  let cancelRetry: (() => void) | undefined;
  let isResting = false;

  /** Within the time of an attempt, whatever the destination does, and whatever it waits for before. */
  async function attempt(checkpoint: LeavingCheckpoint): Promise<void> {
    if (isHeldUp) throw new Error("the attempt before is still held up");
    const late = Promise.withResolvers<never>();
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, stopping.signal]);
    const cancel = clock.schedule(ATTEMPT_MS, () => giveUp.abort());
    signal.addEventListener("abort", () => late.reject(tooLate()));
    isHeldUp = true;
    const work = prepareAndDeliver(checkpoint, signal).finally(() => {
      isHeldUp = false;
    });
    // Both are heard from here on: the one that loses the race rejects unheard otherwise, and that ends the process.
    try {
      await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }

  async function prepareAndDeliver(checkpoint: LeavingCheckpoint, signal: AbortSignal): Promise<void> {
    const prepared = await parts.prepare(checkpoint);
    if (signal.aborted) throw tooLate();
    await destination.deliver(prepared, signal);
  }

  function tooLate(): Error {
    return new Error(
      stopping.signal.aborted ? "the gateway stops" : `not done within ${ATTEMPT_MS / 1000} s`,
    );
  }

  async function run(checkpoint: LeavingCheckpoint): Promise<void> {
    try {
      await attempt(checkpoint);
      there = checkpoint;
      delivered += 1;
      behindSince = newest === checkpoint ? undefined : clock.monotonic();
      if (failures > 0) parts.onRecovered(checkpoint.size);
      failures = 0;
    } catch (error) {
      failed += 1;
      failures += 1;
      parts.onFailed(messageOf(error), failures);
      if (!isResting) cancelRetry = clock.schedule(backoffOf(failures, RETRY), go);
    }
  }

  function go(): void {
    cancelRetry?.();
    cancelRetry = undefined;
    if (stopping.signal.aborted || running !== undefined || newest === undefined || newest === there) return;
    running = run(newest).finally(() => {
      running = undefined;
      parts.onSettled();
    });
  }

  return {
    offer(checkpoint) {
      if (checkpoint.note === newest?.note) return;
      newest = checkpoint;
      behindSince ??= clock.monotonic();
    },
    go,
    get isBehind() {
      return newest !== there;
    },
    settled: async () => running,
    state: () => ({
      name,
      kind,
      isUp: failures === 0,
      records: there?.size ?? 0,
      behind: behindSince === undefined ? 0 : clock.monotonic() - behindSince,
      delivered,
      failed,
    }),
    rest() {
      isResting = true;
      cancelRetry?.();
    },
    async close() {
      this.rest();
      stopping.abort();
      await running;
      await destination.close();
    },
  };
}
