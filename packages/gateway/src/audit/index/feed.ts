import type { Clock } from "../../kernel/clock.ts";
import type { Stretch } from "./record-reader.ts";
import type { AuditRecord } from "../records.ts";

/** Gets records in the order of the log. `next` is where to go on after them: what a cursor has to keep. */
export type FeedListener = (records: readonly AuditRecord[], next: number) => void | Promise<void>;

/** What a subscriber may choose. */
export interface FeedOptions {
  /** The types of record wanted; left out: all. Asked a record, so it must be quick and always say the same. */
  readonly wanted?: (type: string) => boolean;
}

/** The records of the log as they are written, for whoever tells others of them. */
export interface AuditFeed {
  /**
   * Gives the listener every record from `from` on, in order, in batches of at most 512; the next one when the
   * listener's promise resolves. A listener that throws gets the same batch again a second later. Where only some
   * types are wanted, a batch may be empty: it tells how far the log was looked through.
   * @param from a record's number, or `now` for the next one that is written
   * @returns ends the subscription; no call begins after it
   */
  subscribe(from: number | "now", listener: FeedListener, options?: FeedOptions): () => void;
  /** How far the log is written: the number of the next record. */
  readonly end: number;
  /** Ends all subscriptions, and waits for the calls that are under way. */
  close(): Promise<void>;
}

/** What a feed is made of. */
export interface FeedParts {
  readonly reader: {
    read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
    /** Spares parsing what nobody wants; left out: everything is read. */
    scan?(seq: number, limit: number, wanted: (type: string) => boolean): Promise<Stretch>;
  };
  /** The number of the first record that is not written yet. */
  readonly written: () => number;
  readonly clock: Clock;
  /** Told of a read or a listener that failed. */
  readonly onProblem?: (error: unknown) => void;
}

/** Records a batch. */
const batch = 512;
/** Records looked at in one go where only some types are wanted. */
const stretch = 4096;
/** Looks for new records this often, milliseconds: a number is compared, nothing is read. */
const lookEvery = 100;
/** Tries again this long after a failure, milliseconds. */
const retryAfter = 1000;
/** Catching up rests this many times as long as reading a batch took, so that it never takes the traffic's time. */
const rest = 4;
const longestRest = 250;

interface Subscriber {
  next: number;
  readonly listener: FeedListener;
  readonly wanted: ((type: string) => boolean) | undefined;
  isOver: boolean;
  /** The batch under way. */
  running: Promise<void> | undefined;
  /** Not before this, on the monotonic clock. */
  notBefore: number;
}

/** Where to go on after some records. Numbers are left out where records were archived and dropped. */
function behind(records: readonly AuditRecord[], from: number): number {
  return (records.at(-1)?.seq ?? from - 1) + 1;
}

/** Makes a feed. It costs a comparison every 100 ms, and only while somebody is subscribed. */
export function createAuditFeed(parts: FeedParts): AuditFeed {
  const { reader, written, clock } = parts;
  const subscribers = new Set<Subscriber>();
  /** Reads under way, by where they begin: those who stand at the log's end share one. */
  const reads = new Map<number, Promise<readonly AuditRecord[]>>();
  let cancel: (() => void) | undefined;

  function plan(): void {
    if (cancel !== undefined || subscribers.size === 0) return;
    cancel = clock.schedule(lookEvery, () => {
      cancel = undefined;
      look();
      plan();
    });
  }

  function look(): void {
    const end = written();
    const now = clock.monotonic();
    for (const subscriber of subscribers) {
      // A log that was cut after a power failure goes on at a lower number than its readers stand at.
      if (subscriber.next > end) subscriber.next = end;
      if (subscriber.running !== undefined || subscriber.next >= end || subscriber.notBefore > now) continue;
      subscriber.running = catchUp(subscriber);
    }
  }

  /** One batch after another until the subscriber has all that is written. Never throws. */
  async function catchUp(subscriber: Subscriber): Promise<void> {
    try {
      while (!subscriber.isOver && subscriber.next < written()) {
        const started = clock.monotonic();
        const { records, next } = await take(subscriber);
        const took = clock.monotonic() - started;
        if (subscriber.isOver) break;
        if (next <= subscriber.next) throw new Error(`record ${next} of the audit log could not be read`);
        await subscriber.listener(records, next);
        const isBehind = next < written();
        subscriber.next = next;
        if (!isBehind) break;
        const pause = Math.min(took * rest, longestRest);
        if (pause >= 1) {
          subscriber.notBefore = clock.monotonic() + pause;
          break;
        }
      }
    } catch (error) {
      subscriber.notBefore = clock.monotonic() + retryAfter;
      parts.onProblem?.(error);
    } finally {
      subscriber.running = undefined;
    }
  }

  async function take({ next, wanted }: Subscriber): Promise<Stretch> {
    if (wanted === undefined) {
      const records = await readOnce(next);
      return { records, next: behind(records, next) };
    }
    const found =
      reader.scan === undefined ? await filtered(next, wanted) : await reader.scan(next, stretch, wanted);
    const last = found.records[batch - 1];
    return found.records.length <= batch || last === undefined
      ? found
      : { records: found.records.slice(0, batch), next: last.seq + 1 };
  }

  async function filtered(from: number, wanted: (type: string) => boolean): Promise<Stretch> {
    const records = await readOnce(from);
    return { records: records.filter(({ type }) => wanted(type)), next: behind(records, from) };
  }

  function readOnce(from: number): Promise<readonly AuditRecord[]> {
    const under = reads.get(from);
    if (under !== undefined) return under;
    const read = reader.read(from, batch).finally(() => reads.delete(from));
    reads.set(from, read);
    return read;
  }

  return {
    subscribe(from, listener, options = {}) {
      const subscriber: Subscriber = {
        next: from === "now" ? written() : Math.max(0, from),
        listener,
        wanted: options.wanted,
        isOver: false,
        running: undefined,
        notBefore: 0,
      };
      subscribers.add(subscriber);
      plan();
      return () => {
        subscriber.isOver = true;
        subscribers.delete(subscriber);
      };
    },
    get end() {
      return written();
    },
    async close() {
      const all = [...subscribers];
      for (const subscriber of all) subscriber.isOver = true;
      subscribers.clear();
      cancel?.();
      cancel = undefined;
      await Promise.all(all.map(({ running }) => running ?? Promise.resolve()));
    },
  };
}
