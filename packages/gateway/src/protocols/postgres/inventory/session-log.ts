import type { Found } from "../../../gate/inventory/seen.ts";
import { readLogMessage } from "./log-message.ts";
import { tellsOfError } from "./log-severity.ts";
import {
  isFailureOf,
  isOfClient,
  isTheSame,
  keyOf,
  type Last,
  type LogRecord,
  lastOf,
  outcomeOf,
  type Ran,
  whyNotServers,
} from "./session-last.ts";

/** Joins a log's records to acts. */
export interface SessionLog {
  take(record: LogRecord): void;
  /** Tells of the acts that are still held back. */
  end(): void;
}

/** How many sessions are held. */
const MAX_SESSIONS = 50_000;
/** How long the texts that are held are together, characters. */
const MAX_HELD_CHARACTERS = 33_554_432;
/** The share of either that is let go at once, so that a log of very many sessions is read no slower. */
const LET_GO_SHARE = 0.1;

/**
 * Reads acts out of log records. Most statements are logged before they are run, so that each session's last act is held back
 * until the log shows whether it failed: an error that names its text or, where errors name none, comes right after it in its
 * transaction. What is logged twice (by the server and by pgaudit, or for each batch of rows that a portal gives) counts once. Only what
 * clients do counts. The grammar must be loaded.
 * @param emit told what is found
 */
export function sessionLog(emit: (found: Found) => void): SessionLog {
  const sessions = new Map<string, Last>();
  let characters = 0;

  const unread = (line: number, why: string): void => emit({ kind: "unread", line, why });
  /** Tells of an act that is done. */
  function release(last: Last): void {
    const { run } = last;
    if (run === undefined) return;
    last.run = undefined;
    for (const text of run.texts) emit({ kind: "act", act: { act: text, ...last.by } });
    if (run.why !== undefined) unread(last.line, run.why);
  }

  function remove(key: string, last: Last): void {
    characters -= last.characters;
    sessions.delete(key);
  }

  /** What a session did last. Another one of the same process is over. */
  function find(session: string): Last | undefined {
    const key = keyOf(session);
    const last = sessions.get(key);
    if (last === undefined || last.session === session) return last;
    release(last);
    remove(key, last);
    return undefined;
  }

  function makeRoom(length: number): void {
    if (sessions.size < MAX_SESSIONS && characters + length <= MAX_HELD_CHARACTERS) return;
    const isRoom = (): boolean =>
      sessions.size <= MAX_SESSIONS * (1 - LET_GO_SHARE) &&
      characters + length <= MAX_HELD_CHARACTERS * (1 - LET_GO_SHARE);
    for (const isHeld of [false, true])
      for (const [key, last] of sessions) {
        if (isRoom()) return;
        if ((last.run !== undefined) !== isHeld) continue;
        if (isHeld) unread(last.line, "its outcome is not known: too much was done at once to remember it");
        remove(key, last);
      }
  }

  function took(record: LogRecord, said: Ran): void {
    const before = find(record.session);
    if (before !== undefined) {
      if (isTheSame(before, record, said)) {
        // Whoever fetches more rows was given some.
        if (said.kind === "statement") release(before);
        return;
      }
      release(before);
      remove(keyOf(record.session), before);
    }
    const last = lastOf(record, said, before);
    if (said.kind === "statement" && said.isDone) release(last);
    makeRoom(last.characters);
    sessions.set(keyOf(record.session), last);
    characters += last.characters;
  }

  /** Tells of an act that an error is of. */
  function failed(last: Last, record: LogRecord): void {
    const outcome = outcomeOf(last, record);
    last.hasFailed = true;
    if (outcome === "done") release(last);
    else if (outcome === "failed") emit({ kind: "failed" });
    else unread(last.line, "it failed, and how much of it was done is not known");
    last.run = undefined;
  }

  function tookError(record: LogRecord): void {
    const last = find(record.session);
    if (last?.run !== undefined) {
      if (isFailureOf(last, record)) {
        failed(last, record);
        return;
      }
      release(last);
    }
    // The statement was not logged before it failed.
    const { statement: sent } = record;
    if (sent.trim() === "") return;
    failed(
      lastOf(record, { kind: "statement", sent, run: { texts: [sent] }, how: "simple", isDone: false }),
      record,
    );
  }

  /** Takes note of a record that tells of no act. */
  function passed(record: LogRecord, isDone: boolean): void {
    const last = find(record.session);
    if (last === undefined) return;
    last.isFollowed = true;
    if (isDone || record.tag.startsWith("idle")) release(last);
  }

  return {
    take(record) {
      if (tellsOfError(record.severity, record.code)) {
        if (isOfClient(record)) tookError(record);
        return;
      }
      const said = readLogMessage(record.message, record.detail, record.tag);
      const why = said === undefined ? undefined : whyNotServers(record);
      if (said !== undefined && why !== undefined) {
        if (said.kind !== "duration") unread(record.line, why);
      } else if (said?.kind === "statement" || said?.kind === "audit") took(record, said);
      else {
        if (said?.kind === "unreadable") unread(record.line, said.why);
        if (isOfClient(record)) passed(record, said?.kind === "duration" || said?.kind === "unreadable");
      }
    },
    end() {
      for (const last of sessions.values()) release(last);
      sessions.clear();
    },
  };
}
