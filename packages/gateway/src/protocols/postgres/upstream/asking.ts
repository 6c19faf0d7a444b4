import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { boundedMap, type BoundedMap } from "../../../kernel/bounded-map.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { Target } from "../target.ts";
import { ask } from "./ask.ts";

/** How long an answer holds for further sessions, milliseconds, and how many are kept for a target. */
const HOLDS_MS = 10_000;
const MAX_ANSWERS = 200;
/**
 * Both hold for this text alone. A session's own settings may have its transactions wait for those of others (a deferrable
 * serializable one does), and a server that compiles what it takes to be costly does so for longer than the question runs.
 */
const AT_ONCE = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL jit TO off; ";
/** How long a session waits for another's answer before it asks for itself, milliseconds. */
const WAITS_MS = 1000;

/**
 * Asks a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @throws UpstreamError when the server errs, goes away or takes too long
 */
export type Asking<T> = (socket: Socket, target: Target, sql: string, ended: AbortSignal) => Promise<T>;

/** What is known of a target, by question. */
interface Known<T> {
  readonly answers: BoundedMap<{ readonly answer: T; readonly at: number }>;
  /** Answered with nothing where there was no answer. */
  readonly underway: Map<string, Promise<{ readonly answer: T } | undefined>>;
}

/**
 * Makes it. Answers are kept by target and question for a moment. Of sessions that need the same answer at once one asks,
 * and the others wait; where that one gets none in time, each asks for itself.
 * @param read makes an answer of rows; it throws when they are not what was asked for
 */
export function createAsking<T>(
  clock: Clock,
  read: (rows: readonly (readonly (string | null)[])[]) => T,
): Asking<T> {
  const targets = new WeakMap<Target, Known<T>>();

  async function askNow(socket: Socket, target: Target, sql: string, ended: AbortSignal): Promise<T> {
    const giveUp = (): void => void socket.destroy();
    const unschedule = clock.schedule(target.connect_timeout, giveUp);
    ended.addEventListener("abort", giveUp, { once: true });
    if (ended.aborted) giveUp();
    try {
      return read(await ask(socket, `${AT_ONCE}${sql}`));
    } finally {
      unschedule();
      ended.removeEventListener("abort", giveUp);
    }
  }

  return async (socket, target, sql, ended) => {
    const { answers, underway } = targets.get(target) ?? {
      answers: boundedMap(MAX_ANSWERS),
      underway: new Map<string, Promise<{ readonly answer: T } | undefined>>(),
    };
    targets.set(target, { answers, underway });
    // A pattern may name thousands of tables: the text itself is too long to keep.
    const key = createHash("sha256").update(sql).digest("base64");
    const kept = answers.get(key);
    if (kept !== undefined && clock.monotonic() - kept.at < HOLDS_MS) return kept.answer;
    const other = underway.get(key);
    const others = other === undefined ? undefined : await soonest(other, clock, ended);
    if (others !== undefined) return others.answer;
    const asked = askNow(socket, target, sql, ended);
    const mine = asked.then(
      (answer) => {
        answers.set(key, { answer, at: clock.monotonic() });
        return { answer };
      },
      () => undefined,
    );
    underway.set(key, mine);
    try {
      return await asked;
    } finally {
      if (underway.get(key) === mine) underway.delete(key);
    }
  };
}

/** What another session is answered, or nothing when that takes too long or this one ends before. */
async function soonest<T>(
  other: Promise<T | undefined>,
  clock: Clock,
  ended: AbortSignal,
): Promise<T | undefined> {
  if (ended.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const leave = (): void => resolve(undefined);
  ended.addEventListener("abort", leave, { once: true });
  const unschedule = clock.schedule(WAITS_MS, leave);
  try {
    return await Promise.race([other, promise]);
  } finally {
    unschedule();
    ended.removeEventListener("abort", leave);
  }
}
