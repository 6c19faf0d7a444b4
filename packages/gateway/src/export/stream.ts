import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import { endsInTime } from "../kernel/in-time.ts";
import type { CursorFile } from "./cursor-file.ts";
import type { Destination, Handover, OutgoingRecord } from "./destination.ts";
import { createProgress, LOOK_EVERY_MS, type StreamCounts, type StreamNews } from "./progress.ts";

/** Reads records, ready to go out, from the log's files. */
export interface ExportSource {
  /** At most `limit` records from `seq` on; `next` is where to go on. Archived records are left out. */
  read(
    seq: number,
    limit: number,
  ): Promise<{ readonly records: readonly OutgoingRecord[]; readonly next: number }>;
  /** The number of the first record that is not on the disk yet: none is exported whose number a power cut could free. */
  end(): number;
}

/** How a destination stands. */
export interface ExportStatus extends StreamCounts {
  readonly name: string;
  /** The first record that has not arrived. */
  readonly next: number;
  readonly lagRecords: number;
  /** How old the oldest record is that has not arrived. */
  readonly lagSeconds: number;
  /** What the last failure was, while it lasts. */
  readonly problem: string | undefined;
}

/** What a stream is made of. */
export interface StreamParts {
  readonly name: string;
  readonly destination: Destination;
  readonly source: ExportSource;
  readonly cursor: Pick<CursorFile, "keep">;
  /** The log's id. */
  readonly log: string;
  /** The first record to send. */
  readonly from: number;
  readonly clock: Clock;
  readonly tell: (what: StreamNews) => void;
}

/** One destination's share of the log, as it moves on. */
export interface ExportStream {
  readonly status: ExportStatus;
  /** The first record that a restart would send. */
  readonly kept: number;
  /** Waits a few seconds for what is under way, keeps how far it has come, and leaves behind what hangs. Never throws. */
  stop(): Promise<void>;
}

/** Records read at a time: they and their texts are all that a destination ever has in memory. */
const BATCH_RECORDS = 128;
/** Rests this many times as long as a batch took to read, and to be made ready, so that exporting never takes the traffic's time. */
const REST_FACTOR = 4;
const MAX_REST_MS = 250;
/** How far a destination has come is kept at most this often, milliseconds: a kill sends so much again. */
const KEEP_EVERY_MS = 1000;
/** What is under way at a stop has this long to end by itself, milliseconds. */
const STOP_GRACE_MS = 2000;
/** And so long in all, told to end: what hangs then is left behind. */
const STOP_TIMEOUT_MS = 3000;
/** Keeping how far it has come, and letting go of the destination, may take so long, milliseconds. */
const CLOSE_TIMEOUT_MS = 2000;

/** Starts to send. Never throws; what fails is tried again for ever. */
export function startStream(parts: StreamParts): ExportStream {
  const { destination, source, clock, tell } = parts;
  const stopping = new AbortController();
  const progress = createProgress(parts.from, () => source.end(), clock, tell);
  let kept = parts.from;
  let keptAt = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  /** What comes late must not be kept: another stream may have the cursor by then. */
  let isLeft = false;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;

  async function hand(records: readonly OutgoingRecord[], next: number): Promise<Handover> {
    const { position, delivered, lag } = progress;
    const [first] = records;
    if (first !== undefined) {
      lag.sent(position, next, first.at);
      return destination.send({ records, next }, stopping.signal);
    }
    // Nothing has to be sent, but what was sent before may still be on its way.
    return position === delivered ? { kind: "delivered", delivered: next } : { kind: "pending" };
  }

  /** One batch. @returns how long to rest, milliseconds */
  async function step(): Promise<number> {
    const lost =
      destination.settle === undefined
        ? undefined
        : progress.heard(await destination.settle(stopping.signal));
    if (lost !== undefined) return lost;
    const end = source.end();
    if (progress.position > end) progress.cutBack(end);
    if (progress.position === end) return LOOK_EVERY_MS;
    const started = clock.monotonic();
    const { records, next } = await source.read(progress.position, BATCH_RECORDS);
    if (next <= progress.position)
      return progress.failed(`record ${next} of the audit log could not be read`);
    const absent = next - progress.position - records.length;
    const handing = hand(records, next);
    // What a destination does before it first waits for its receiver is work on this thread.
    const rest = Math.min((clock.monotonic() - started) * REST_FACTOR, MAX_REST_MS);
    const wait = progress.heard(await handing);
    if (wait !== undefined) return wait;
    progress.passed(next, absent);
    return rest;
  }

  async function keep(): Promise<void> {
    const next = progress.delivered;
    if (kept === next || isLeft) return;
    keptAt = clock.monotonic();
    try {
      await parts.cursor.keep(parts.log, next);
      kept = next;
    } catch (error) {
      tell({ kind: "unkept", why: messageOf(error) });
    }
  }

  async function tick(): Promise<void> {
    let wait: number;
    try {
      wait = await step();
    } catch (error) {
      wait = progress.failed(messageOf(error));
    }
    if (clock.monotonic() - keptAt >= KEEP_EVERY_MS) await keep();
    running = undefined;
    plan(wait);
  }

  function plan(ms: number): void {
    if (isStopped) return;
    cancel = clock.schedule(ms, () => {
      running = tick();
    });
  }

  plan(0);
  return {
    get status() {
      const { delivered, counts, problem, lag } = progress;
      const lagRecords = Math.max(0, source.end() - delivered);
      return {
        name: parts.name,
        next: delivered,
        lagRecords,
        lagSeconds: lagRecords === 0 ? 0 : lag.seconds(clock.wall()),
        ...counts,
        problem,
      };
    },
    get kept() {
      return kept;
    },
    async stop() {
      isStopped = true;
      cancel?.();
      const giveUp = clock.schedule(STOP_GRACE_MS, () => stopping.abort());
      const ended = await endsInTime(running ?? Promise.resolve(), STOP_TIMEOUT_MS, clock);
      giveUp();
      stopping.abort();
      const closing = Promise.allSettled([keep(), destination.close()]);
      isLeft = true;
      const closed = await endsInTime(closing, CLOSE_TIMEOUT_MS, clock);
      if (!ended || !closed) tell({ kind: "left", next: progress.delivered });
    },
  };
}
