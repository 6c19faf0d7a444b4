import { errorOf, isPassing, MayflyError } from "./errors.ts";
import { createEventParser } from "./event-parser.ts";
import { readJson, type Transport } from "./transport.ts";
import type { AuditRecord, Problem } from "./types.generated.ts";
import { pause, query } from "./helpers.ts";

/** How to follow events. */
export interface EventsOptions {
  /** Ends it: `events` then resolves. */
  readonly signal: AbortSignal;
  /** The last record that is known: goes on after it. Left out: from now on. */
  readonly lastEventId?: string | number;
  /** Only these types, for example `request.*`. */
  readonly types?: readonly string[];
  /** Told when events come, and when the connection is lost and being tried again. */
  readonly onState?: (state: "open" | "lost") => void;
  /**
   * Told that records were missed: whatever was learnt from events is to be asked for again.
   * @param from where there is one log: those before this one
   */
  readonly onReset?: (from?: number) => void;
}

/** Waits before the next try, milliseconds: doubled each time up to the max, and spread by a half. */
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 8000;
/** Nothing for so long, not even a comment, means that the connection is dead; milliseconds. */
const MAX_SILENCE_MS = 40_000;

/**
 * Calls `onRecord` for each record as it is written, and keeps connecting when the connection is lost, each time
 * behind the last record. What `onRecord` throws ends it.
 * @throws MayflyError when the gateway no longer lets the caller read (the session ended, for example)
 */
export async function followEvents(
  transport: Transport,
  onRecord: (record: AuditRecord) => void,
  options: EventsOptions,
): Promise<void> {
  const { signal } = options;
  let last = options.lastEventId;
  let failures = 0;
  while (!signal.aborted) {
    const broken = new AbortController();
    const watch = watchdog(MAX_SILENCE_MS, () => broken.abort());
    try {
      const chunks = await transport.stream({
        method: "GET",
        path: `/v1/events${query({ types: options.types?.join(",") })}`,
        headers: last === undefined ? {} : { "last-event-id": String(last) },
        signal: AbortSignal.any([signal, broken.signal]),
      });
      options.onState?.("open");
      const parse = createEventParser();
      for await (const chunk of chunks) {
        watch.alive();
        failures = 0;
        for (const event of parse(chunk)) {
          if (event.id !== undefined && /^[\d.,]{1,6000}$/.test(event.id)) last = event.id;
          if (event.type === "record") onRecord(readJson(event.data) as AuditRecord);
          else if (event.type === "reset")
            options.onReset?.((readJson(event.data) as { readonly from?: number }).from);
          else if (event.type === "end") throw new Ended(errorOf(readJson(event.data) as Problem));
        }
      }
    } catch (thrown) {
      if (signal.aborted) return;
      // A token that expired may have a successor, which the next try takes; whoever has none hears so then.
      if (thrown instanceof Ended && thrown.why.status !== 401) throw thrown.why;
      if (thrown instanceof RangeError)
        throw new MayflyError("bad_answer", `the events cannot be read: ${thrown.message}`, {
          cause: thrown,
        });
      if (!(thrown instanceof Ended) && !isPassing(thrown) && !broken.signal.aborted) throw thrown;
    } finally {
      watch.stop();
    }
    if (signal.aborted) return;
    options.onState?.("lost");
    failures += 1;
    await pause(waitAfter(failures), signal);
  }
}

/** The gateway has said that the caller may no longer read. */
class Ended extends Error {
  readonly why: MayflyError;

  constructor(why: MayflyError) {
    super(why.message);
    this.why = why;
  }
}

/** How long to wait after so many failures in a row. */
function waitAfter(failures: number): number {
  const max = Math.min(MIN_WAIT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
  return max / 2 + (Math.random() * max) / 2;
}

/** Calls `dead` when `alive` was not called for `ms`. */
function watchdog(ms: number, dead: () => void): { alive(): void; stop(): void } {
  let timer = setTimeout(dead, ms);
  return {
    alive() {
      clearTimeout(timer);
      timer = setTimeout(dead, ms);
    },
    stop: () => clearTimeout(timer),
  };
}
