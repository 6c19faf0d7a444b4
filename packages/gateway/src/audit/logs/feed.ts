import type { Clock } from "../../kernel/clock.ts";
import { type AuditFeed, createAuditFeed } from "../index/feed.ts";
import type { Stretch } from "../index/record-reader.ts";
import { readPlaces, writePlaces, type Places } from "./places.ts";
import type { IndexedLog, LoggedRecord } from "./port.ts";
import { NotIndexed, type ReadOther } from "./read-other.ts";

/** Gets records of one log in its order. `next` is where to go on in it. */
export type LogsListener = (log: number, records: readonly LoggedRecord[], next: number) => Promise<void>;

/** The records of all logs as they are written: of each log in its order, none twice and none left out. */
export interface LogsFeed {
  /** Where a reader begins in each log. @param last the id of the last event that they have; left out: from now on */
  begin(last?: string): Promise<{ readonly places: Places; readonly isReset: boolean }>;
  /** @returns ends it */
  subscribe(places: Places, listener: LogsListener, wanted: (type: string) => boolean): () => void;
  /** The id of an event behind which `places` come; undefined: none that other gateways would read as it is meant. */
  idOf(places: Places): string | undefined;
}

/** A reader that was away longer than this many records of a log is told to look at everything anew. */
export const MAX_REPLAYED = 10_000;

/** Where to begin in a log of which a reader has seen all below `asked`. */
function beginAt(asked: number, end: number): { readonly at: number; readonly isReset: boolean } {
  const place = Math.min(asked, end);
  const at = Math.max(place, end - MAX_REPLAYED);
  return { at, isReset: at > place };
}

/** The one log of a gateway whose store is its own. Ids are the records' numbers. */
export function oneFeed(feed: Pick<AuditFeed, "subscribe" | "end">): LogsFeed {
  return {
    begin(last) {
      // Places in several logs are of a store that was shared: which of them is this log's nobody knows any more.
      if (last?.includes(".") === true)
        return Promise.resolve({ places: new Map([[0, feed.end]]), isReset: true });
      const { at, isReset } = beginAt(last === undefined ? feed.end : Number(last) + 1, feed.end);
      return Promise.resolve({ places: new Map([[0, at]]), isReset });
    },
    subscribe: (places, listener, wanted) =>
      feed.subscribe(places.get(0) ?? "now", (records, next) => listener(0, records, next), { wanted }),
    idOf: (places) => String((places.get(0) ?? 0) - 1),
  };
}

/** What the feed of several logs is made of. */
export interface LogsFeedParts {
  readonly clock: Clock;
  /** The id of this gateway's own log, and its feed. */
  readonly own: string;
  readonly feed: AuditFeed;
  /** All logs, with how far the store has each. */
  readonly ends: () => Promise<readonly IndexedLog[]>;
  /** Reads some of another log's records. */
  readonly scan: ReadOther;
  readonly onProblem: (error: unknown) => void;
}

/** Looks this often what other logs have, milliseconds: one query, while anybody reads. */
const LOOK_EVERY_MS = 1000;
/** Records of another log that are read in one go. */
const MAX_SCANNED = 512;

/** Stands for the own log's number until the store has told it: logs are counted from 1. */
const UNKNOWN_LOG = 0;

interface Other {
  readonly log: IndexedLog;
  readonly feed: AuditFeed;
  end: number;
}

interface Reader {
  /** Subscribes to a log that has come up. */
  add(other: Other): void;
}

/** A managed one. */
export interface OpenedLogsFeed extends LogsFeed {
  /** Ends all subscriptions, and waits for the calls that are under way. Not those of the own log's feed. */
  close(): Promise<void>;
}

export function createLogsFeed(parts: LogsFeedParts): OpenedLogsFeed {
  const { clock, feed } = parts;
  const others = new Map<number, Other>();
  const readers = new Set<Reader>();
  /** Where readers began while the store could not say which logs there are. */
  const begunBlind = new WeakSet<Places>();
  let ownNumber = UNKNOWN_LOG;
  let isOne = true;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  async function look(): Promise<void> {
    const all = await parts.ends();
    isOne = all.length <= 1;
    for (const log of all) {
      const before = others.get(log.number);
      if (log.id === parts.own) ownNumber = log.number;
      // An index that is built anew comes back to where it was.
      else if (before !== undefined) before.end = Math.max(before.end, log.end);
      else add(log);
    }
  }

  function add(log: IndexedLog): void {
    const other = otherOf(log, parts);
    others.set(log.number, other);
    for (const reader of readers) reader.add(other);
  }

  /** A number alone is of the own log: such ids are of a store that was not shared, or from people. */
  const placesIn = (last: string): Places =>
    last.includes(".") ? readPlaces(last) : new Map([[ownNumber, Number(last) + 1]]);

  function plan(): void {
    if (cancel !== undefined || readers.size === 0 || isClosed) return;
    cancel = clock.schedule(LOOK_EVERY_MS, () => {
      void look()
        .catch(parts.onProblem)
        .finally(() => {
          cancel = undefined;
          plan();
        });
    });
  }

  return {
    async begin(last) {
      // Without the store a reader has what is known of, their gateway's own log first of all.
      const isBlind = await look().then(
        () => false,
        (error: unknown) => {
          parts.onProblem(error);
          return true;
        },
      );
      const asked = last === undefined ? new Map<number, number>() : placesIn(last);
      const known = new Map([
        [ownNumber, feed.end],
        ...Array.from(others, ([log, { end }]) => [log, end] as const),
      ]);
      // A log that an id does not name has come up since.
      const unnamed = (end: number): number => (last === undefined ? end : 0);
      const began = Array.from(
        known,
        ([log, end]) => [log, beginAt(asked.get(log) ?? unnamed(end), end)] as const,
      );
      // What names no log goes back with no event: whoever asks chose how much of it there is.
      const kept = isBlind ? asked : [];
      const places = new Map([...kept, ...began.map(([log, { at }]): [number, number] => [log, at])]);
      if (isBlind) begunBlind.add(places);
      return {
        places,
        isReset: (isBlind && last !== undefined) || began.some(([, { isReset }]) => isReset),
      };
    },
    subscribe(places, listener, wanted) {
      const ends = [
        feed.subscribe(
          places.get(ownNumber) ?? "now",
          (records, next) => listener(ownNumber, records.map(isOne ? same : named(parts.own)), next),
          { wanted },
        ),
      ];
      const reader: Reader = {
        add({ log, feed: from, end }) {
          // One that has come up since begins at its beginning; one that was there may have all of its past before it.
          const at = places.get(log.number) ?? (begunBlind.has(places) ? end : 0);
          const told = (records: readonly LoggedRecord[], next: number): Promise<void> =>
            listener(log.number, records.map(named(log.id)), next);
          ends.push(from.subscribe(beginAt(at, end).at, told, { wanted }));
        },
      };
      readers.add(reader);
      for (const other of others.values()) reader.add(other);
      plan();
      return () => {
        readers.delete(reader);
        for (const end of ends) end();
      };
    },
    idOf(places) {
      const own = places.get(ownNumber) ?? places.get(UNKNOWN_LOG) ?? 0;
      // A number alone another gateway would take for a place in its own log.
      if (ownNumber === UNKNOWN_LOG) return undefined;
      const rest = Array.from(places).filter(([log]) => log !== UNKNOWN_LOG && log !== ownNumber);
      return writePlaces(new Map([[ownNumber, own], ...rest]));
    },
    async close() {
      isClosed = true;
      cancel?.();
      readers.clear();
      await Promise.all(Array.from(others.values(), (other) => other.feed.close()));
    },
  };
}

/** The feed of another gateway's log. */
function otherOf(log: IndexedLog, { clock, onProblem, scan }: LogsFeedParts): Other {
  const scanSome = (seq: number, limit: number, wanted: (type: string) => boolean): Promise<Stretch> =>
    scan(log, seq, Math.min(seq + Math.min(limit, MAX_SCANNED), other.end), wanted);
  const other: Other = {
    log,
    end: log.end,
    feed: createAuditFeed({
      clock,
      written: () => other.end,
      // An index that is built anew is waited for.
      onProblem: (error) => (error instanceof NotIndexed ? undefined : onProblem(error)),
      reader: {
        read: async (seq, limit) => (await scanSome(seq, limit, () => true)).records,
        scan: scanSome,
      },
    }),
  };
  return other;
}

const same = (record: LoggedRecord): LoggedRecord => record;

/** The name of a log is what its first key begins with. */
function named(id: string): (record: LoggedRecord) => LoggedRecord {
  const log = id.split("+")[0] ?? id;
  return (record) => ({ ...record, log });
}
