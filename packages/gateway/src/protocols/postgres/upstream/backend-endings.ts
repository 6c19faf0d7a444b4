import type { Clock } from "../../../kernel/clock.ts";
import { withOwnConnection } from "./own-connection.ts";
import type { Target } from "../target.ts";
import { cancelUpstream, type CancelKey } from "./connect.ts";

/** A backend that still runs something of a session that is over. */
export interface Running {
  readonly target: Target;
  readonly upstream: CancelKey;
  /** How it is called in pg_stat_activity now, as far as the database has said. */
  readonly name: () => string;
  /** When the gateway had logged in on it, by the monotonic clock. */
  readonly since: number;
  /** More waits behind what runs, which a cancel would only let begin: the backend is terminated at once. */
  readonly isQueued: boolean;
  /**
   * Called when it could not be ended in time: its connection must go all the same.
   * @param process the backend's number where the database said a moment ago that it is still there
   */
  readonly giveUp: (process: number | undefined) => void;
  /** Called when the database says that the backend is gone; left out: its connection tells. */
  readonly gone?: () => void;
}

/** Ends what runs for sessions that are over: cancels it until it is gone, and terminates the backend. */
export interface BackendEndings {
  /** @returns to be called once the backend has said that nothing runs any more, or has closed its connection */
  end(running: Running): () => void;
}

/** Cancel requests under way on one target: each costs it a process. */
const MAX_CANCELS = 4;
/** How long a cancel request may take, milliseconds. */
const CANCEL_MS = 3000;
/** A statement that is still there so long after a cancel request is asked again, milliseconds. */
const CANCEL_AGAIN_MS = 500;
/** Backends that are still there so long after the end are terminated, and again as often, milliseconds. */
const TERMINATE_AFTER_MS = 400;
/** How long the connection that terminates may take, milliseconds. */
const TERMINATE_MS = 10_000;
/**
 * How long all of it may take before the gateway closes its end unanswered, milliseconds: less than a stop waits for, so
 * that what goes on is recorded then too.
 */
const END_WITHIN_MS = 8000;

interface Pending extends Running {
  nextCancelAt: number;
  isCancelling: boolean;
  /** What the database answered last. */
  isThere: boolean;
  readonly until: number;
}

/** A literal that means the same whatever standard_conforming_strings says. */
function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function processOf({ key }: CancelKey): number | undefined {
  return key.length < 8 ? undefined : key.readInt32BE(0);
}

/**
 * Terminates backends of the gateway's own role, and tells which of them are there, each only while it is called what its session is called, or is as old
 * as that: a number that has become another process's is left alone. A client may have called it otherwise a moment
 * ago, in the very text that runs.
 */
function terminating(all: readonly Running[], now: number): string {
  const rows = all.flatMap(({ upstream, name, since }) => {
    const pid = processOf(upstream);
    return pid === undefined ? [] : [`(${pid}, ${literal(name())}, ${Math.floor(now - since)})`];
  });
  return `select a.pid, pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a, (values ${rows.join(", ")}) as w (pid, name, age)
    where a.pid operator(pg_catalog.=) w.pid and a.usename operator(pg_catalog.=) current_user
    and (a.application_name operator(pg_catalog.=) w.name or (pg_catalog.clock_timestamp() operator(pg_catalog.-) a.backend_start)
      operator(pg_catalog.>=) pg_catalog.make_interval(secs => w.age operator(pg_catalog./) 1000.0::pg_catalog.float8))`;
}

/** The endings on one target. */
function createTargetEndings(target: Target, clock: Clock): (running: Running) => () => void {
  const pending = new Set<Pending>();
  let cancels = 0;
  let isTerminating = false;
  let stopTimer: (() => void) | undefined;
  const never = new AbortController().signal;

  const next = (): Pending | undefined => {
    let first: Pending | undefined;
    for (const each of pending) {
      if (each.isCancelling || each.nextCancelAt > clock.monotonic()) continue;
      if (first === undefined || each.nextCancelAt < first.nextCancelAt) first = each;
    }
    return first;
  };

  const cancelMore = (): void => {
    while (cancels < MAX_CANCELS) {
      const each = next();
      if (each === undefined) return;
      cancels += 1;
      each.isCancelling = true;
      void cancelUpstream(target, each.upstream, clock, CANCEL_MS).finally(() => {
        cancels -= 1;
        each.isCancelling = false;
        each.nextCancelAt = clock.monotonic() + CANCEL_AGAIN_MS;
        cancelMore();
      });
    }
  };

  const tell = (each: Pending, isThere: boolean): void => {
    each.isThere = isThere;
    if (!isThere && pending.has(each)) each.gone?.();
  };

  const terminate = async (): Promise<void> => {
    isTerminating = true;
    try {
      await withOwnConnection(target, clock, never, TERMINATE_MS, async ({ ask }) => {
        const all = [...pending];
        if (all.length === 0) return;
        const rows = await ask(terminating(all, clock.monotonic()));
        const there = new Set(rows.map(([pid]) => Number(pid)));
        for (const each of all) tell(each, there.has(processOf(each.upstream) ?? 0));
      });
    } catch {
      // Tried again while anything is left: the server may have no place for one more connection.
    } finally {
      isTerminating = false;
    }
  };

  const look = (): void => {
    stopTimer = undefined;
    const now = clock.monotonic();
    for (const each of pending) {
      if (each.until > now) continue;
      pending.delete(each);
      each.giveUp(each.isThere ? processOf(each.upstream) : undefined);
    }
    if (pending.size === 0) return;
    cancelMore();
    if (!isTerminating) void terminate();
    watch();
  };

  const watch = (): void => {
    stopTimer ??= clock.schedule(TERMINATE_AFTER_MS, look);
  };

  return (running) => {
    const now = clock.monotonic();
    const each: Pending = {
      ...running,
      nextCancelAt: now,
      isCancelling: false,
      isThere: false,
      until: now + END_WITHIN_MS,
    };
    pending.add(each);
    cancelMore();
    if (each.isQueued && !isTerminating) void terminate();
    watch();
    return () => {
      pending.delete(each);
      if (pending.size > 0) return;
      stopTimer?.();
      stopTimer = undefined;
    };
  };
}

/** Makes the endings of all sessions. */
export function createBackendEndings(clock: Clock): BackendEndings {
  const targets = new WeakMap<Target, (running: Running) => () => void>();
  return {
    end(running) {
      const { target } = running;
      const known = targets.get(target) ?? createTargetEndings(target, clock);
      targets.set(target, known);
      return known(running);
    },
  };
}
