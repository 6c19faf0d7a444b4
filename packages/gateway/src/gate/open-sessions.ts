import type { Clock } from "../kernel/clock.ts";
import type { SessionEnd } from "./gate.ts";
import type { LiveSession } from "./live-session.ts";
import type { OpenSession } from "./session.ts";

/** The sessions that are open, of all protocols. */
export interface OpenSessions {
  readonly size: number;
  /** Why no more are opened, once the gateway stops. */
  readonly stopping: SessionEnd | undefined;
  /** Adds one that was being opened. What the others were told meanwhile, it is told now. */
  add(session: OpenSession<never, unknown>): void;
  delete(session: OpenSession<never, unknown>): void;
  /** In the order in which they were opened. */
  look(): readonly LiveSession[];
  /** Whether no more are opened, while those that are open go on. */
  readonly isDraining: boolean;
  /**
   * From now on no session is opened.
   * @param atRest ends each session with this as soon as nothing of it is under way; left out: they go on as they are
   */
  drain(atRest?: SessionEnd): void;
  /** Resolves once no session is open, or when the signal aborts. */
  emptied(signal: AbortSignal): Promise<void>;
  /** Tells every session that the gateway stops, and waits until they have closed or `ms` have passed. */
  stop(reason: string, ms: number): Promise<void>;
}

export function createOpenSessions(clock: Clock): OpenSessions {
  const open = new Set<OpenSession<never, unknown>>();
  let stopping: SessionEnd | undefined;
  let isDraining = false;
  /** What sessions end with once nothing of them is under way, since the gateway drains. */
  let endAtRest: SessionEnd | undefined;
  /** Called once, when the last session has closed. */
  const waiting = new Set<() => void>();
  const emptied = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (open.size === 0 || signal.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  return {
    get size() {
      return open.size;
    },
    get stopping() {
      return stopping;
    },
    add(session) {
      open.add(session);
      if (endAtRest !== undefined) session.endAtRest(endAtRest);
      if (stopping !== undefined) session.end(stopping);
    },
    delete(session) {
      open.delete(session);
      if (open.size > 0) return;
      for (const done of waiting) done();
    },
    look: () => Array.from(open, (each) => each.look()),
    get isDraining() {
      return isDraining;
    },
    drain(atRest) {
      isDraining = true;
      if (atRest === undefined) return;
      endAtRest = atRest;
      for (const each of open) each.endAtRest(atRest);
    },
    emptied,
    async stop(reason, ms) {
      stopping = { cause: "stopping", words: reason };
      const late = new AbortController();
      const cancel = clock.schedule(ms, () => late.abort());
      const gone = emptied(late.signal);
      for (const each of open) each.end(stopping);
      await gone;
      cancel();
    },
  };
}
