import type { Socket } from "node:net";
import type { Clock } from "../../../../kernel/clock.ts";
import { type Found, nothingFound } from "../../guard/found/found.ts";
import type { Granted } from "../../guard/granted.ts";
import type { Target } from "../../target.ts";
import { createAsking } from "../asking.ts";
import { foundOf } from "./answer.ts";
import { foundQuestion } from "./question.ts";

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

/** Makes the question. */
export function createReadFound(clock: Clock): ReadFound {
  const asked = createAsking(clock, foundOf);
  return async (socket, target, granted, ended) => {
    const sql = foundQuestion(granted.scopes.map(({ scope }) => scope));
    return sql === undefined ? nothingFound : asked(socket, target, sql, ended).catch(() => undefined);
  };
}
