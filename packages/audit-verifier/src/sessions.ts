import { MAX_REPEATED_BACK } from "./core/join.ts";
import type { RecordLine } from "./line.ts";

/** Sessions that have closed and may still have a denial or an outcome recorded; the newest are remembered. */
const MAX_CLOSED = 10_000;

/** Looks whether the acts of a log belong to sessions of that log. */
export interface SessionJudge {
  /** @returns what is wrong with the record; undefined: nothing */
  judge(record: RecordLine): string | undefined;
  /** Records below this number are missing or unreadable, which is a problem of its own: acts may refer to them. */
  missing(below: number): void;
}

interface Open {
  /** Intents that a later act may repeat, newest last. */
  readonly full: Set<number>;
  /** How many operations its opening record lists. */
  readonly operations: number;
  isClosed: boolean;
}

/** Whether a number is a place in a list, from 0. */
function isPlace(number: number, length: number): boolean {
  return Number.isInteger(number) && number >= 0 && number < length;
}

/**
 * Judges the sessions of acts, in the order of the log. An act refers to its session by the number of the opening
 * record, which must stand before it; no act is intended after the session has closed. What became of an earlier act
 * and what was denied may be recorded after that: the session's end cuts acts that are under way. Acts of the older
 * form name their session's id and say all of it themselves: nothing depends on another record.
 */
export function sessionJudge(): SessionJudge {
  const open = new Map<number, Open>();
  const numbers = new Map<unknown, number>();
  const closed = new Set<number>();
  /** Sessions of the intents whose outcome has not come. */
  const intents = new Map<number, number>();
  let missing = 0;

  function close(id: unknown): void {
    const number = numbers.get(id);
    const session = number === undefined ? undefined : open.get(number);
    if (number === undefined || session === undefined) return;
    session.isClosed = true;
    session.full.clear();
    numbers.delete(id);
    closed.add(number);
    const [oldest] = closed;
    if (closed.size <= MAX_CLOSED || oldest === undefined) return;
    closed.delete(oldest);
    open.delete(oldest);
  }

  function act({ seq, type, detail }: RecordLine, number: number): string | undefined {
    const { intent, repeats, operation } = (detail ?? {}) as {
      readonly intent?: unknown;
      readonly repeats?: unknown;
      readonly operation?: unknown;
    };
    if (type === "act.outcome" && typeof intent === "number") {
      const of = intents.get(intent);
      intents.delete(intent);
      // Its intent proves that its session was opened, however long ago that has closed.
      if (of === number || intent < missing) return undefined;
      if (of !== undefined) return `the outcome is of session ${number}, its intent of session ${of}`;
      return `the outcome is of act ${intent}, which the session did not intend or which had its outcome`;
    }
    const session = open.get(number);
    if (session === undefined && number < missing) {
      if (type === "act.intent") intents.set(seq, number);
      return undefined;
    }
    if (session === undefined) return `the act is of session ${number}, which no record before it opens`;
    if (session.isClosed && type === "act.intent") return `the act is of session ${number}, which had closed`;
    const isKnown = session.isClosed || session.full.has(repeats as number) || Number(repeats) < missing;
    if (repeats !== undefined && !isKnown)
      return `the act repeats record ${JSON.stringify(repeats)}, which is no recent act of its session`;
    if (type !== "act.intent") return undefined;
    if (typeof operation === "number" && !isPlace(operation, session.operations))
      return `the act is by operation ${operation} of its session, which lists ${session.operations}`;
    intents.set(seq, number);
    if (repeats !== undefined) return undefined;
    session.full.add(seq);
    const [oldest] = session.full;
    if (session.full.size > MAX_REPEATED_BACK && oldest !== undefined) session.full.delete(oldest);
    return undefined;
  }

  return {
    judge(record) {
      const { type, session, seq } = record;
      if (type === "session.opened") {
        const { operations } = record;
        const listed = Array.isArray(operations) ? operations.length : 0;
        open.set(seq, { full: new Set(), operations: listed, isClosed: false });
        numbers.set(session, seq);
      } else if (type === "session.closed") close(session);
      // A gateway that starts has no session of an earlier run.
      else if (type === "log.opened") for (const each of [open, numbers, closed, intents]) each.clear();
      else if (typeof session === "number") {
        if (!type.startsWith("act.")) return "only the records of acts refer to their session by number";
        return act(record, session);
      }
      return undefined;
    },
    missing(below) {
      missing = Math.max(missing, below);
    },
  };
}
