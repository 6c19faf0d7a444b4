import type { Logger } from "pino";
import type { Configuration } from "../configuration/types.ts";
import type { Gates } from "../gate/create.ts";
import type { Clock } from "../kernel/clock.ts";
import { formatDuration } from "../kernel/durations.ts";
import type { HttpsServer } from "./listeners/https.ts";
import type { Listener } from "./listeners/listener.ts";

/** How often the log says how many sessions remain, milliseconds. */
const REPORT_EVERY_MS = 10_000;

/** What a drain acts on. */
export interface DrainParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gates: Pick<Gates, "sessions" | "drain" | "emptied">;
  readonly https: Pick<HttpsServer, "leave" | "closeIdle">;
  readonly listeners: () => readonly Pick<Listener, "close">[];
  readonly settings: () => Configuration["shutdown"];
}

/** How a gateway leaves: once, and then it is stopped. */
export interface Drain {
  /** Whether it has begun: `/readyz` says so. */
  readonly isUnderWay: boolean;
  /**
   * First only `/readyz` says that the gateway leaves, so that whatever stands before it sends clients elsewhere. Then no
   * session is opened any more and protocols' own ports close, while open sessions go on. The API answers all the while: a
   * revocation, a lock-down and what Okta says have to arrive.
   * @returns once no session is open, when the bound has passed, or when `now` aborts
   */
  run(now: AbortSignal): Promise<void>;
}

export function createDrain({ clock, logger, gates, https, listeners, settings }: DrainParts): Drain {
  let isUnderWay = false;
  return {
    get isUnderWay() {
      return isUnderWay;
    },
    async run(now) {
      const { drain, announce, endIdle } = settings();
      if (drain === 0 || isUnderWay) return;
      isUnderWay = true;
      const of = { announce: formatDuration(announce), drain: formatDuration(drain) };
      logger.info({ sessions: gates.sessions, ...of }, "draining");
      https.leave();
      await passed(clock, announce, now);
      if (now.aborted) return;
      gates.drain(endIdle);
      for (const listener of listeners()) listener.close();
      https.leave();
      https.closeIdle();
      const since = clock.monotonic();
      const left = (): number => drain - (clock.monotonic() - since);
      const over = new AbortController();
      const empty = gates.emptied(AbortSignal.any([now, over.signal]));
      const stopReporting = repeat(clock, () => {
        logger.info(
          { sessions: gates.sessions, left: formatDuration(Math.max(0, left())) },
          "still draining",
        );
      });
      const cancel = clock.schedule(drain, () => over.abort());
      await empty;
      cancel();
      stopReporting();
      logger.info({ sessions: gates.sessions }, gates.sessions === 0 ? "drained" : "drain is over");
    },
  };
}

/** Resolves after `ms`, or when the signal aborts. */
function passed(clock: Clock, ms: number, now: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (now.aborted || ms === 0) {
      resolve();
      return;
    }
    const cancel = clock.schedule(ms, resolve);
    now.addEventListener("abort", () => {
      cancel();
      resolve();
    });
  });
}

/** Calls again and again. @returns stops it */
function repeat(clock: Clock, report: () => void): () => void {
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = clock.schedule(REPORT_EVERY_MS, () => {
      report();
      next();
    });
  };
  next();
  return () => cancel();
}
