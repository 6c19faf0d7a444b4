import { Readable } from "node:stream";
import type { LogsFeed } from "../../../audit/logs/feed.ts";
import type { Places } from "../../../audit/logs/places.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { createBatches, idLine } from "./batches.ts";
import type { EventFilter } from "./filter.ts";
import { asProblem, problemBody } from "../../contract/problems.ts";

/** A line of comment this often, so that neither side takes a quiet stream for a dead one; milliseconds. */
const beatEvery = 15_000;
/** Looks this often whether the reader may still read: a session that ended shows nothing more. Milliseconds. */
const lookEvery = 5000;
/** A reader is believed to be who they were for this long while nobody can say, milliseconds. */
const believed = 60_000;
/** A reader that takes nothing for this long is cut, milliseconds. */
const patience = 30_000;
/** What may wait for a reader, bytes; one event may go above it. */
const mostWaiting = 65_536;

/** What a stream of events is made of. */
export interface EventStreamParts {
  readonly feed: Pick<LogsFeed, "subscribe" | "idOf">;
  readonly clock: Clock;
  /** The first record's number, of each log. */
  readonly from: Places;
  /** Whether records before `from` were asked for and are not sent. */
  readonly isReset: boolean;
  /** The types that were asked for. */
  readonly wanted: (type: string) => boolean;
  readonly filter: EventFilter;
  /** Who the reader is now. Rejects once they may no longer read. */
  readonly again: () => Promise<Principal>;
  /** Calls once when what the reader came with ended, so that nothing waits for the next look; gives how to stop. */
  readonly watch: (ended: () => void) => () => void;
  /** When the reader's token expires, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Aborts when the client has gone or the gateway stops. */
  readonly signal: AbortSignal;
}

/** What a reader missed: all below this number, where there is one log; else some of several. */
function fromOf(places: Places): { readonly from?: number } {
  const [from] = places.values();
  return places.size === 1 && from !== undefined ? { from } : {};
}

/**
 * Records as server-sent events (WHATWG HTML, section 9.2). The reader's pace is the subscription's pace: one batch is
 * in memory, and a reader that takes nothing is cut.
 */
export function eventStream(parts: EventStreamParts): Readable {
  const { clock, filter } = parts;
  let taken: (() => void) | undefined;
  let isOver = false;
  let known = clock.monotonic();
  const cancels = new Set<() => void>();

  const stream = new Readable({
    highWaterMark: mostWaiting,
    read() {
      taken?.();
    },
    destroy(error, done) {
      stop();
      taken?.();
      done(error);
    },
  });

  function stop(): void {
    isOver = true;
    unsubscribe();
    unwatch();
    for (const cancel of cancels) cancel();
    cancels.clear();
    parts.signal.removeEventListener("abort", leave);
  }

  function later(ms: number, run: () => void): () => void {
    const cancel = clock.schedule(ms, () => {
      cancels.delete(cancel);
      run();
    });
    cancels.add(cancel);
    return () => {
      cancels.delete(cancel);
      cancel();
    };
  }

  /** Ends it as it should: what was sent is whole. */
  function leave(): void {
    if (isOver) return;
    stop();
    stream.push(null);
  }

  /** Hands text to the reader, and waits until there is room for more. */
  async function send(text: string): Promise<void> {
    if (isOver || stream.push(text)) return;
    const cut = later(patience, () => stream.destroy());
    await new Promise<void>((resolve) => {
      taken = resolve;
    });
    taken = undefined;
    cut();
  }

  const batches = createBatches({
    ...parts,
    send,
    isOver: () => isOver,
    /** A part of what may wait. */
    textLength: mostWaiting / 4,
  });

  /** Whether the reader may still read. */
  async function look(): Promise<void> {
    try {
      filter.become(await parts.again());
      known = clock.monotonic();
    } catch (thrown) {
      if (isOver) return;
      const problem = asProblem(thrown, "");
      // A provider or a store that is away says nothing about the reader, for a while.
      if (problem.status >= 500 && clock.monotonic() - known < believed) return;
      stream.push(`event: end\ndata: ${JSON.stringify(problemBody(problem))}\n\n`);
      leave();
    }
  }

  async function lookOn(): Promise<void> {
    await look();
    if (!isOver) later(lookEvery, () => void lookOn());
  }

  function beat(): void {
    later(beatEvery, beat);
    // The number without data goes on after the last record that was looked at, shown or not. Nobody who has not yet
    // taken what waits needs a sign of life.
    if (taken === undefined) stream.push(`: still here\n${idLine(parts.feed.idOf(batches.looked))}\n`);
  }

  const unsubscribe = parts.feed.subscribe(
    parts.from,
    (log, records, next) => batches.take(log, records, next),
    (type) => parts.wanted(type) && filter.wanted(type),
  );
  const unwatch = parts.watch(() => void look());
  parts.signal.addEventListener("abort", leave, { once: true });
  // A connection that is lost before its first event goes on from here too.
  const began = [...parts.from.values()].some((at) => at > 0) ? parts.feed.idOf(parts.from) : undefined;
  stream.push(`retry: 2000\n${idLine(began)}: mayfly\n\n`);
  if (parts.isReset) stream.push(`event: reset\ndata: ${JSON.stringify(fromOf(parts.from))}\n\n`);
  later(beatEvery, beat);
  later(lookEvery, () => void lookOn());
  later(Math.max(parts.expiresAt - clock.wall(), 0) + 1, () => void look());
  if (parts.signal.aborted) leave();
  return stream;
}
