import type { Found } from "../../../gate/inventory/seen.ts";
import type { LogRecord } from "../inventory/session-last.ts";
import { sessionLog } from "../inventory/session-log.ts";

/** A record of the server's log, of a client's session; what is said of it, and else the usual. */
export const record = (more: Partial<LogRecord>): LogRecord => ({
  line: 1,
  message: "",
  detail: "",
  severity: "LOG",
  code: "00000",
  user: "alice",
  database: "shop",
  application: "backend",
  session: "s1",
  time: "",
  backend: "client backend",
  tag: "SELECT",
  transaction: "",
  context: "",
  statement: "",
  ...more,
});

/** A record of a statement; what else is of it. */
export const ran = (sql: string, more: Partial<LogRecord> = {}): LogRecord =>
  record({ message: `statement: ${sql}`, ...more });
export const executed = (sql: string, more: Partial<LogRecord> = {}): LogRecord =>
  record({ message: `execute a: ${sql}`, ...more });
export const audited = (id: number, sql: string, more: Partial<LogRecord> = {}): LogRecord =>
  record({ message: `AUDIT: SESSION,${id},1,READ,SELECT,TABLE,public.a,"${sql}",<none>`, ...more });
export const failed = (statement: string, more: Partial<LogRecord> = {}): LogRecord =>
  record({ severity: "ERROR", code: "42P01", message: "it does not exist", statement, ...more });
export const other = (more: Partial<LogRecord> = {}): LogRecord =>
  record({ message: "another message", ...more });

export function found(records: Iterable<LogRecord>): Found[] {
  const all: Found[] = [];
  const log = sessionLog((each) => all.push(each));
  for (const each of records) log.take(each);
  log.end();
  return all;
}

/** Acts as their texts, and what else is found as its kind. */
export const brief = (...records: readonly LogRecord[]): string[] =>
  found(records).map((each) => (each.kind === "act" ? each.act.act : each.kind));
