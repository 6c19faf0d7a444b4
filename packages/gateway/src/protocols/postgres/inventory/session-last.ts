import type { SeenAct } from "../../../gate/inventory/seen.ts";
import type { Said } from "./log-message.ts";
import { mayBeLog } from "./log-severity.ts";
import { holds, outcomeOfFailed, type Run } from "./log-texts.ts";
import { readLogTime } from "./log-time.ts";

/** A record of PostgreSQL's log, whichever format it comes from; what it does not say is empty. */
export interface LogRecord {
  /** The line of the file that it begins in. */
  readonly line: number;
  readonly message: string;
  readonly detail: string;
  readonly severity: string;
  /** The SQLSTATE. */
  readonly code: string;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly session: string;
  readonly time: string;
  readonly backend: string;
  /** What the process was doing: a command's tag, or `PARSE` or `BIND`. */
  readonly tag: string;
  readonly transaction: string;
  /** What the server was within, for example a function. */
  readonly context: string;
  /** The statement that failed, or in which a message was raised. */
  readonly statement: string;
}

export type Ran = Extract<Said, { kind: "statement" | "audit" }>;

/** The last statement that the audit extension told of. */
interface Audited {
  /** Its number in the session. */
  readonly number: string;
  readonly sql: string;
  readonly transaction: string;
}

/** What a session did last. */
export interface Last {
  readonly session: string;
  readonly line: number;
  /** Who did it, where and when. */
  readonly by: Omit<SeenAct, "act">;
  /** What was done, as long as it may still fail. */
  run: Run | undefined;
  /** The text that the log had of it. */
  readonly sent: string;
  readonly how: "simple" | "extended" | "fetch" | "audit";
  readonly transaction: string;
  readonly characters: number;
  /** Whether another record of the session came after it. */
  isFollowed: boolean;
  hasFailed: boolean;
  readonly audited: Audited | undefined;
}

/**
 * Whether an error without a statement is none of a statement: the connection broke (class 08), somebody ended it (class 57P), it
 * was idle for too long (25P03, 25P04), or the client named or sent what there is not (25P02, 26000, 34000, 22021).
 */
function isOfNoStatement(code: string): boolean {
  return /^(?:08|57P|25P0[234]|26000|34000|22021)/.test(code);
}

/** Whether a transaction is known: `3/0` is none. */
const isKnown = (transaction: string): boolean => transaction !== "" && !transaction.endsWith("/0");

function areApart(one: string, other: string): boolean {
  return isKnown(one) && isKnown(other) && one !== other;
}

/** Whether an error is that of the session's last act. */
export function isFailureOf(last: Last, record: LogRecord): boolean {
  const { tag, transaction } = record;
  // Parsing and binding come before a statement is run, and are not logged.
  if (tag === "PARSE" || tag === "BIND") return false;
  if (record.statement === "") {
    if (last.isFollowed || isOfNoStatement(record.code) || /^(?:idle|<FASTPATH>)/.test(tag)) return false;
    return isKnown(transaction) && transaction === last.transaction;
  }
  if (last.how === "simple") return record.statement === last.sent;
  if (areApart(last.transaction, transaction)) return false;
  return last.how === "audit" ? holds(record.statement, last.sent) : record.statement === last.sent;
}

/** What became of an act that failed: a part of it may be done for good. */
export function outcomeOf(last: Last, record: LogRecord): "failed" | "done" | "unknown" {
  if (areApart(last.transaction, record.transaction)) return "done";
  const { tag, code } = record;
  // It was never run: what the client sent is no SQL, or was not bound.
  if (tag === "PARSE" || tag === "BIND" || (tag.startsWith("idle") && code === "42601")) return "failed";
  return outcomeOfFailed(record.statement === "" ? last.sent : record.statement);
}

/** Whether a record tells once more of the session's last act. */
export function isTheSame(last: Last, record: LogRecord, said: Ran): boolean {
  if (last.hasFailed) return false;
  if (said.kind === "statement") {
    if (last.sent !== said.sent || areApart(last.transaction, record.transaction)) return false;
    if (said.how === "fetch") return last.how === "extended" || last.how === "fetch";
    return last.how === "audit" && said.isDone;
  }
  const { audited } = last;
  if (audited?.number === said.statement && audited.sql === said.sql)
    return audited.transaction === record.transaction;
  if (last.how === "audit" || last.run === undefined || areApart(last.transaction, record.transaction))
    return false;
  return last.run.texts.includes(said.sql) || holds(last.sent, said.sql);
}

/** Whether a record is of a process that serves a client; PostgreSQL 12 does not say. */
export function isOfClient({ backend }: LogRecord): boolean {
  return backend === "" || backend === "client backend" || backend === "walsender";
}

/** Why a record is none of what the server itself logs of a client's statements; undefined: it is. */
export function whyNotServers(record: LogRecord): string | undefined {
  if (!isOfClient(record)) return "it is of a process that serves no client";
  // Functions can raise any message. The server's own have neither, and those of pgaudit as well, which may be of any level.
  if (
    record.context !== "" ||
    record.statement !== "" ||
    (!record.message.startsWith("AUDIT: ") && !mayBeLog(record.severity))
  )
    return "it was raised by a function, not by the server";
  return undefined;
}

/**
 * By what a session is remembered: its process. A session's name is its beginning and its process, so that another session of the
 * same process says that the one before it is over.
 */
export function keyOf(session: string): string {
  return session.slice(session.lastIndexOf(".") + 1);
}

export function lastOf(record: LogRecord, said: Ran, before?: Last): Last {
  const at = readLogTime(record.time);
  const isAudit = said.kind === "audit";
  const sent = isAudit ? said.sql : said.sent;
  const run = isAudit ? { texts: [sent] } : said.run;
  return {
    session: record.session,
    line: record.line,
    by: {
      by: record.user === "" ? record.application : record.user,
      ...(record.database === "" ? {} : { within: record.database }),
      ...(at === undefined ? {} : { at }),
      times: 1,
    },
    run,
    sent,
    how: isAudit ? "audit" : said.how,
    transaction: record.transaction,
    characters: run.texts.reduce((sum, text) => (text === sent ? sum : sum + text.length), sent.length),
    isFollowed: false,
    hasFailed: false,
    audited: isAudit
      ? { number: said.statement, sql: sent, transaction: record.transaction }
      : before?.audited,
  };
}
