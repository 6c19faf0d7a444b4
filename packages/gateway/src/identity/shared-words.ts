import type { Clock } from "../kernel/clock.ts";
import { steadyClock } from "../kernel/steady-clock.ts";
import type { EvictionHorizon } from "./eviction-horizon.ts";
import { retryingStore } from "./retrying-store.ts";

/** What the provider said, as it is kept. */
export interface KeptWord {
  /** When it happened, as the provider says, milliseconds since the epoch. */
  readonly at: number;
  /** When it was kept, milliseconds since the epoch. */
  readonly keptAt: number;
}

/** The store that words need; `storage/` implements it. */
export interface WordStore<Kept> {
  /** Keeps the newest word of each thing: an earlier one than the stored one has no effect. */
  keep(words: readonly Kept[]): Promise<void>;
  /** What was kept at that time or later, the newest last, at most `limit` of the newest. */
  since(keptAt: number, limit: number): Promise<readonly Kept[]>;
  /** Forgets what happened before that time. */
  forget(before: number): Promise<void>;
}

/** What the provider said, held in memory and kept in a store that several gateways may share. */
export interface SharedWords<Kept> {
  /** When something happened that is said to have at that time: never much later than now. */
  happened(said: number): number;
  /** Keeps words that are remembered already. @throws when the store cannot take them now; it is tried again */
  keep(words: readonly Kept[]): Promise<void>;
  /** Reads what is kept, and goes on reading what other gateways of the store keep. */
  start(): Promise<void>;
  /** Another gateway has kept something: it is read now, and not only when its time comes. Never throws. */
  readNow(): void;
  stop(): void;
}

/** A browser session lives for 7 days at most and a token for one: what happened before that is in none of them. */
const KEEP_MS = 8 * 86_400_000;
/** How often a gateway that shares its store reads what others have kept, milliseconds. */
const READ_EVERY_MS = 1000;
/** How often what is too old is forgotten, milliseconds. */
const FORGET_EVERY_MS = 3_600_000;
/** How far the clocks of gateways that share a store, and the provider's, may lie apart, milliseconds. */
const MAX_APART_MS = 60_000;

export interface SharedWordsParts<Kept> {
  readonly store: WordStore<Kept>;
  readonly clock: Clock;
  /** Whether other gateways keep words in the same store. */
  readonly isShared: boolean;
  /** Words that are held in memory. */
  readonly maxWords: number;
  /** Told of words that may have been left out when the store was read. */
  readonly overflow: EvictionHorizon;
  readonly fault: (error: unknown) => void;
  /** Holds a word in memory. @returns whether it is news here */
  remember(word: Kept): boolean;
  /** Forgets what is held of before that time. */
  forget(before: number): void;
  /** Tells of what was read and is news. @param isOthers whether another gateway has kept it since the start */
  tell(news: readonly Kept[], isOthers: boolean): void;
}

export function createSharedWords<Kept extends KeptWord>(parts: SharedWordsParts<Kept>): SharedWords<Kept> {
  const { store, clock, maxWords } = parts;
  /** The wall clock may be set back: a past time must not become a future one. */
  const steady = steadyClock(clock);
  const keeping = retryingStore((words: readonly Kept[]) => store.keep(words), parts);
  let readUntil = 0;
  let cancelRead = (): void => {};
  let cancelForget = (): void => {};
  let isStopped = false;
  /** Whether another look is due behind the one under way. */
  let isDue = false;
  let reading: Promise<void> | undefined;

  async function read(isOthers: boolean): Promise<void> {
    // A clock that was ahead has kept some at a time that is to come: whatever is kept until then is read all the same.
    const from = Math.min(readUntil, clock.wall() - MAX_APART_MS);
    const kept = await store.since(from, maxWords);
    // Older ones may exist that were not read.
    const [oldest] = kept;
    if (oldest !== undefined && kept.length >= maxWords) parts.overflow.evict(oldest.keptAt);
    const news = kept.filter((word) => parts.remember(word));
    readUntil = Math.max(from, (kept.at(-1)?.keptAt ?? from) - MAX_APART_MS);
    if (news.length > 0) parts.tell(news, isOthers);
  }

  /** Reads what others have kept, one look at a time, and then again in a while. Never rejects. */
  function readNow(): void {
    if (isStopped) return;
    isDue = true;
    if (reading !== undefined) return;
    cancelRead();
    isDue = false;
    reading = read(true)
      .catch(parts.fault)
      .finally(() => {
        reading = undefined;
        if (isDue) readNow();
        else readLater();
      });
  }

  function readLater(): void {
    if (!isStopped) cancelRead = clock.schedule(READ_EVERY_MS, readNow);
  }

  function forget(): void {
    const before = clock.wall() - KEEP_MS;
    parts.forget(before);
    store.forget(before).catch(parts.fault);
    if (!isStopped) cancelForget = clock.schedule(FORGET_EVERY_MS, forget);
  }

  return {
    // A time that is to come would hold against tokens that are yet to be issued.
    happened: (said) => (Number.isFinite(said) ? Math.min(said, steady.wall() + MAX_APART_MS) : clock.wall()),
    keep: (words) => keeping.keep(words),
    async start() {
      await read(false);
      forget();
      if (parts.isShared) readLater();
    },
    readNow,
    stop() {
      isStopped = true;
      keeping.stop();
      cancelRead();
      cancelForget();
    },
  };
}
