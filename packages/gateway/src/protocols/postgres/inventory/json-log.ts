import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { textLines } from "../../../kernel/text-lines.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { readLogTime } from "./log-time.ts";
import type { LogRecord } from "./session-last.ts";
import { sessionLog } from "./session-log.ts";

type Members = Readonly<Record<string, unknown>>;

/** How a line begins that is longer than what is looked at. */
const beginning = /^\{"timestamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^"]*",.*"session_id":"/;
/** How many lines are looked at to recognize the format. */
const LOOKED_AT = 20;

/** The object that a line holds; otherwise, why there is none. */
function membersOf(line: string): Members | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : "it is no JSON object";
}

function isRecord(line: string): boolean {
  const members = membersOf(line);
  if (typeof members === "string") return false;
  const { timestamp, error_severity: severity, backend_type: backend } = members;
  const isLogged = typeof severity === "string" || typeof backend === "string";
  return isLogged && typeof timestamp === "string" && readLogTime(timestamp) !== undefined;
}

/** A member that is a text; empty: it is left out, or no text. */
function text(members: Members, name: string): string {
  const value = members[name];
  return typeof value === "string" ? value : "";
}

/** @returns why it is no log record, where it is none */
function recordOf(members: Members, line: number): LogRecord | string {
  const { message = "" } = members;
  if (typeof message !== "string") return "its message is no text";
  if (!isLogged(members)) return "it is no record of PostgreSQL's log";
  return {
    line,
    message,
    detail: text(members, "detail"),
    severity: text(members, "error_severity"),
    code: text(members, "state_code"),
    user: text(members, "user"),
    database: text(members, "dbname"),
    application: text(members, "application_name"),
    session: text(members, "session_id"),
    time: text(members, "timestamp"),
    backend: text(members, "backend_type"),
    tag: text(members, "ps"),
    transaction: text(members, "vxid"),
    context: text(members, "context"),
    statement: text(members, "statement"),
  };
}

/** Whether it has what each record of the log has. */
function isLogged(members: Members): boolean {
  return text(members, "timestamp") !== "" && text(members, "error_severity") !== "";
}

async function* read(chunks: AsyncIterable<string>): AsyncGenerator<Found> {
  await loadGrammar();
  const found: Found[] = [];
  const log = sessionLog((each) => found.push(each));
  for await (const { text: written, line, cut } of textLines(chunks)) {
    if (!cut && written.trim() === "") continue;
    const members = cut ? "the line is too long" : membersOf(written);
    const record = typeof members === "string" ? members : recordOf(members, line);
    if (typeof record === "string") found.push({ kind: "unread", line, why: record });
    else log.take(record);
    for (const each of found.splice(0)) yield each;
  }
  log.end();
  yield* found;
}

/**
 * PostgreSQL's log with `log_destination = jsonlog`: an object a line
 * (https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG).
 */
export const postgresJson: ActSource = {
  format: "postgres-json",
  recognizes: (start) =>
    start.split("\n", LOOKED_AT).some(isRecord) || (!start.includes("\n") && beginning.test(start)),
  read,
};
