import { createHash } from "node:crypto";
import { backoffOf } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { OktaClient } from "../okta-api/client.ts";
import { failureOf, OktaApiFailure } from "../okta-api/failure.ts";
import type { Proofs } from "../proofs/proofs.ts";
import { meaningfulEvents, signalsOfEvent } from "../signals/events.ts";
import type { Signal, SignalSink } from "../signals/signal.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import type { CursorStore, LogCursor } from "./cursor.ts";

/** What a reader needs. */
export interface LogReaderParts {
  readonly okta: Pick<OktaClient, "page">;
  /** Milliseconds between two readings. */
  readonly every: number;
  /** The issuers that the org may speak about. */
  readonly issuers: readonly string[];
  readonly sink: Pick<SignalSink, "receive">;
  /** Gets each page's signals before the sink, which skips those that another gateway has carried out. */
  readonly heard?: (signals: readonly Signal[]) => void;
  readonly proofs?: Pick<Proofs, "seen">;
  readonly cursors: CursorStore;
  /** The name of this gateway's cursor: each gateway of a store reads for itself. */
  readonly name: string;
  readonly clock: Clock;
  readonly failed?: (problem: string, hint: string | undefined) => void;
}

/** Reads an org's System Log from where it stopped last time. */
export interface LogReader {
  start(): void;
  stop(): void;
  /** Milliseconds since the log was last read to its end; undefined before the first time. */
  readonly lag: number | undefined;
}

/** Events of a page. */
const PAGE_SIZE = 200;
/** Maximum size of a page, bytes; an event has a few kilobytes. */
const MAX_PAGE_BYTES = 4 * 1_048_576;
/** Where a page is too large to read, this many times fewer events are asked for. */
const PAGE_SHRINKS_BY = 8;
/** Pages read without a pause; the rest follows after the next pause. */
const MAX_PAGES_AT_ONCE = 50;
/** The first reading begins this long ago, milliseconds. */
const FIRST_LOOK_BACK_MS = 300_000;
/** Events are stored a little after they happen: reading that starts over goes back this far, milliseconds. */
const OVERLAP_MS = 300_000;
/** Older events end nothing: no grant, token or browser session is this old. Milliseconds. */
const MAX_LOOK_BACK_MS = 7 * 86_400_000;
/** How late an event may reach the log, milliseconds: until then its absence proves nothing. */
const LOG_DELAY_MS = 5000;
/** Maximum pause after repeated failures, milliseconds. */
const MAX_PAUSE_MS = 300_000;

const { exact, families } = meaningfulEvents;
/** Every type of event that has an effect: hooks lose calls, and some events only the log has. */
export const logFilter = [
  ...exact.map((type) => `eventType eq "${type}"`),
  ...families.map((prefix) => `eventType sw "${prefix}"`),
].join(" or ");

const filterDigest = createHash("sha256").update(logFilter).digest("base64url").slice(0, 22);

/** The same page with fewer events. */
function withLimit(next: string, size: number): string {
  const url = new URL(next);
  url.searchParams.set("limit", String(size));
  return url.href;
}

function firstPage(since: number, size: number): string {
  const query = new URLSearchParams({
    since: new Date(since).toISOString(),
    sortOrder: "ASCENDING",
    limit: String(size),
    filter: logFilter,
  });
  return `/api/v1/logs?${query.toString()}`;
}

/** When the newest event of a page happened, no later than now; milliseconds since the epoch. */
function newestOf(events: readonly unknown[], before: number, now: number): number {
  const times = events.map((event) =>
    Date.parse(String((event as { published?: unknown } | null)?.published)),
  );
  return Math.min(Math.max(before, ...times.filter((time) => !Number.isNaN(time))), now);
}

/** Makes a reader. Reading begins with `start`. */
export function logReader(parts: LogReaderParts): LogReader {
  const { okta, every, issuers, sink, proofs, cursors, name, clock } = parts;
  let cursor: LogCursor | undefined;
  let failures = 0;
  let readAt: number | undefined;
  /** The beginning of reading without a gap, on the monotonic clock. */
  let coveredSince: number | undefined;
  /** Smaller after a page that was too large to read, so that its events are read all the same. */
  let pageSize = PAGE_SIZE;
  let isStopped = true;
  let cancel = (): void => {};

  async function begin(): Promise<LogCursor> {
    const now = clock.wall();
    const kept = readCursor(await cursors.read(name));
    if (kept === undefined) return { filter: filterDigest, since: now - FIRST_LOOK_BACK_MS };
    const since = Math.min(kept.since, now);
    if (now - since > MAX_LOOK_BACK_MS) return { filter: filterDigest, since: now - MAX_LOOK_BACK_MS };
    // Another version of Mayfly asked for other events.
    if (kept.filter !== filterDigest) return { filter: filterDigest, since: since - OVERLAP_MS };
    return { ...kept, since };
  }

  function pageOf({ next, since }: LogCursor): string {
    if (next === undefined) return firstPage(since, pageSize);
    return pageSize === PAGE_SIZE ? next : withLimit(next, pageSize);
  }

  /** Reads one page, and moves on once its signals are carried out and kept. @returns the number of its events */
  async function readPage(at: LogCursor): Promise<number> {
    const { value, next } = await okta.page({
      path: pageOf(at),
      bucket: "logs",
      maxBytes: MAX_PAGE_BYTES,
    });
    if (!Array.isArray(value)) throw new OktaApiFailure("away", "a page of Okta's System Log is not a list");
    if (next === undefined) throw new OktaApiFailure("away", "a page of Okta's System Log names no next one");
    const events: readonly unknown[] = value;
    const read = events.map((event) => signalsOfEvent(event, { channel: "system_log", issuers }));
    const unreadable = read.filter((signals) => signals === undefined).length;
    if (unreadable > 0)
      parts.failed?.(
        `${unreadable} events of Okta's System Log cannot be read and are passed over`,
        undefined,
      );
    const signals = read.flatMap((found) => found ?? []);
    if (signals.length > 0) {
      parts.heard?.(signals);
      await sink.receive(signals);
    }
    const moved = { filter: filterDigest, next, since: newestOf(events, at.since, clock.wall()) };
    // Kept only when it moves: a restart needs nothing from an empty page.
    if (events.length > 0 || at.next === undefined) await cursors.keep(name, writeCursor(moved));
    cursor = moved;
    pageSize = PAGE_SIZE;
    return events.length;
  }

  async function look(): Promise<void> {
    for (let pages = 0; pages < MAX_PAGES_AT_ONCE; pages++) {
      if (isStopped) return;
      const at = { wall: clock.wall(), monotonic: clock.monotonic() };
      cursor ??= await begin();
      coveredSince ??= at.monotonic - (at.wall - cursor.since);
      const events = await readPage(cursor);
      if (events > 0) continue;
      readAt = at.monotonic;
      proofs?.seen({ issuers, since: coveredSince }, at.monotonic - LOG_DELAY_MS);
      return;
    }
  }

  function again(wait: number): void {
    if (isStopped) return;
    cancel = clock.schedule(wait, () => {
      look().then(
        () => {
          failures = 0;
          return again(every);
        },
        (thrown: unknown) => {
          const failure = failureOf(thrown);
          const { message, hint } =
            thrown instanceof OktaApiFailure ? thrown : { message: String(thrown), hint: undefined };
          parts.failed?.(message, hint);
          // Okta no longer knows this next page: start over a little before the last time.
          if (cursor?.next !== undefined && (failure.kind === "missing" || failure.isBadRequest))
            cursor = { filter: filterDigest, since: cursor.since - OVERLAP_MS };
          if (failure.isTooLong) pageSize = Math.max(1, Math.floor(pageSize / PAGE_SHRINKS_BY));
          failures += 1;
          again(Math.max(backoffOf(failures, { first: every, max: MAX_PAUSE_MS }), failure.retryIn));
        },
      );
    });
  }

  return {
    start() {
      if (!isStopped) return;
      isStopped = false;
      again(0);
    },
    stop() {
      isStopped = true;
      cancel();
    },
    get lag() {
      return readAt === undefined ? undefined : clock.monotonic() - readAt;
    },
  };
}
