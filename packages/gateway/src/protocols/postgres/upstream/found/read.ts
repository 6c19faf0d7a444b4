import type { Socket } from "node:net";
import { boundedMap, type BoundedMap } from "../../../../kernel/bounded-map.ts";
import type { Clock } from "../../../../kernel/clock.ts";
import { type Found, nothingFound } from "../../guard/found/found.ts";
import type { Granted } from "../../guard/granted.ts";
import type { Target } from "../../target.ts";
import { ask } from "../ask.ts";
import { foundOf } from "./answer.ts";
import { foundQuestion } from "./question.ts";

/** How long an answer holds for further sessions, milliseconds. */
const FOUND_HOLDS_MS = 10_000;
const MAX_ANSWERS = 100;

/**
 * Asks a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @returns undefined when the server errs, goes away or takes too long
 */
export type ReadFound = (
  socket: Socket,
  target: Target,
  granted: Granted,
  ended: AbortSignal,
) => Promise<Found | undefined>;

interface Answer {
  readonly found: Found;
  readonly at: number;
}

/** Makes the question; answers are kept by target and question for a moment. */
export function createReadFound(clock: Clock): ReadFound {
  const known = new WeakMap<Target, BoundedMap<Answer>>();
  return async (socket, target, granted, ended) => {
    const sql = foundQuestion(granted.scopes.map(({ scope }) => scope));
    if (sql === undefined) return nothingFound;
    const answers = known.get(target) ?? boundedMap(MAX_ANSWERS);
    known.set(target, answers);
    const kept = answers.get(sql);
    if (kept !== undefined && clock.monotonic() - kept.at < FOUND_HOLDS_MS) return kept.found;
    const giveUp = (): void => void socket.destroy();
    const unschedule = clock.schedule(target.connect_timeout, giveUp);
    ended.addEventListener("abort", giveUp, { once: true });
    try {
      const found = foundOf(await ask(socket, sql));
      answers.set(sql, { found, at: clock.monotonic() });
      return found;
    } catch {
      return undefined;
    } finally {
      unschedule();
      ended.removeEventListener("abort", giveUp);
    }
  };
}
