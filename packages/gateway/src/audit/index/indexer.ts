import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { AuditIndex } from "./port.ts";
import type { RecordReader } from "./record-reader.ts";

/** Feeds the index from the log's files. */
export interface Indexer {
  /**
   * Resolves when the index holds every record written before the call, or after two seconds.
   * @param before only those below this number
   * @returns whether it does
   */
  caughtUp(before?: number): Promise<boolean>;
  /** Empties the index and builds it again from the files. */
  rebuild(): Promise<void>;
  /** Stops after the batch under way. */
  close(): Promise<void>;
}

/** What the indexer is made of. */
export interface IndexerParts {
  readonly clock: Clock;
  readonly index: AuditIndex;
  readonly reader: RecordReader;
  readonly written: () => number;
  /** The number of the first record of this run: under it and later ones the index cannot know any of this log's yet. */
  readonly first: number;
  readonly onProblem?: (message: string) => void;
}

/** Records taken at a time. */
const BATCH_RECORDS = 1024;
/** Looks for new records this often, and retries this long after a failure, in milliseconds. */
const LOOK_EVERY_MS = 250;
const RETRY_AFTER_MS = 1000;
/** Longest that a search waits for the index, in milliseconds. */
const MAX_WAIT_MS = 2000;
/** Traffic that writes more records than this a second has the machine to itself: the index waits, but no longer than this. */
const BUSY_RECORDS_A_SECOND = 2000;
const MAX_LAG_MS = 60_000;
/** Rests this many times as long as a batch took, so that indexing never takes the traffic's time. */
const REST_FACTOR = 20;

/** Starts feeding the index in the background, from where it stands. */
export function startIndexer(parts: IndexerParts): Indexer {
  const { clock, index, reader, written, first } = parts;
  let indexed: number | undefined;
  let isNew = true;
  let isClosed = false;
  let isStale = false;
  let waiting: { readonly upTo: number; readonly done: (isThere: boolean) => void }[] = [];
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let seen = { written: written(), at: clock.monotonic() };
  let workedAt = clock.monotonic();

  /** Whether records come in so fast that indexing would take the traffic's time. Searches never wait for that. */
  function isBusy(): boolean {
    const now = { written: written(), at: clock.monotonic() };
    const perSecond = ((now.written - seen.written) * 1000) / Math.max(1, now.at - seen.at);
    seen = now;
    return waiting.length === 0 && perSecond > BUSY_RECORDS_A_SECOND && now.at - workedAt < MAX_LAG_MS;
  }

  /** One batch. @returns how long to rest, in milliseconds */
  async function step(): Promise<number> {
    const started = clock.monotonic();
    if (isBusy()) return LOOK_EVERY_MS;
    workedAt = started;
    try {
      if (isStale) {
        await index.clear();
        isStale = false;
        indexed = 0;
      }
      indexed ??= (await index.last()) + 1;
      // An index that knows more than the log is not this log's; what it knows under numbers that were given anew is lost.
      if (indexed > (isNew ? first : written())) {
        await index.clear();
        indexed = 0;
      }
      isNew = false;
      const { records, next, openings } = await reader.readWithOpenings(indexed, BATCH_RECORDS);
      if (records.length > 0) await index.insert(records, openings);
      indexed = next;
      const upTo = indexed;
      for (const wait of waiting) if (wait.upTo <= upTo) wait.done(true);
      waiting = waiting.filter((wait) => wait.upTo > upTo);
      if (records.length === 0 && waiting.length === 0) return LOOK_EVERY_MS;
      return waiting.length > 0 ? 0 : Math.min((clock.monotonic() - started) * REST_FACTOR, MAX_WAIT_MS);
    } catch (error) {
      indexed = undefined;
      parts.onProblem?.(`the audit index could not be written: ${messageOf(error)}`);
      return RETRY_AFTER_MS;
    }
  }

  function plan(ms: number): void {
    if (isClosed) return;
    cancel = clock.schedule(ms, () => {
      cancel = undefined;
      running = tick();
    });
  }

  async function tick(): Promise<void> {
    const pause = await step();
    running = undefined;
    plan(pause);
  }

  plan(0);

  function reached(upTo: number): Promise<boolean> {
    if (!isStale && indexed !== undefined && indexed >= upTo) return Promise.resolve(true);
    return new Promise((resolve) => {
      const giveUp = clock.schedule(MAX_WAIT_MS, () => resolve(false));
      waiting.push({
        upTo,
        done(isThere) {
          giveUp();
          resolve(isThere);
        },
      });
      // A batch is due at once, unless one is under way.
      if (cancel === undefined) return;
      cancel();
      plan(0);
    });
  }

  return {
    caughtUp: (before = Infinity) => reached(Math.min(before, written())),
    async rebuild() {
      isStale = true;
      for (;;) if ((await reached(written())) || isClosed) return;
    },
    async close() {
      isClosed = true;
      cancel?.();
      await running;
      for (const wait of waiting) wait.done(false);
    },
  };
}
