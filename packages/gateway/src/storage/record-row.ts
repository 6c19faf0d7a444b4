import type { Insertable } from "kysely";
import type { AuditRecord } from "../audit/records.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** A record's row in the index. */
export type RecordRow = Insertable<Tables["mayfly_records"]>;

/** Whether the record tells of a yes or a no, where it does. */
export function decisionOf(record: AuditRecord): string | null {
  const said = record.detail.decision;
  // A reviewer's yes and no are looked for as any other's.
  if (said === "approve") return "permit";
  if (said === "refuse") return "deny";
  if (typeof said === "string") return plain(said);
  if (/\.(?:denied|refused|refused_to|timed_out)$/.test(record.type)) return "deny";
  return [
    "break_glass.activated",
    "request.approved",
    "grant.activated",
    "grant.collected",
    "session.opened",
    "act.intent",
  ].includes(record.type)
    ? "permit"
    : null;
}

/**
 * The operations that an act says it was permitted by: one, or several with a comma and a space between, where an act of
 * several parts is covered by them together. No name of an operation's holds either.
 */
export function operationsSaid(operation: unknown): readonly string[] | undefined {
  return typeof operation === "string" ? operation.split(", ") : undefined;
}

/**
 * The operations that a record is about. An act is about those that permitted it, whatever else its grant covers.
 */
export function operationsOf({ connection, operations, detail }: AuditRecord): string | null {
  const named = operationsSaid(detail["operation"]) ?? operations;
  if (named === undefined || named.length === 0) return null;
  const full = named.map((name) =>
    connection === undefined || name.startsWith(`${connection}/`) ? name : `${connection}/${name}`,
  );
  return plain(`\n${full.join("\n")}\n`);
}

function principalOf({ principal }: AuditRecord): string | null {
  if (principal === undefined) return null;
  const { name, subject, person, actors = [] } = principal;
  return plain([name, subject, ...(person === undefined ? [] : [person]), ...actors].join("\n"));
}

function textOf(value: string | undefined): string | null {
  return value === undefined ? null : plain(value);
}

export function rowOf(log: string, record: AuditRecord): RecordRow {
  return {
    log,
    seq: record.seq,
    time: Date.parse(record.time),
    type: record.type,
    principal: principalOf(record),
    connection: textOf(record.connection),
    request: textOf(record.request),
    grant_id: textOf(record.grant),
    session: textOf(record.session),
    decision: decisionOf(record),
    operations: operationsOf(record),
    body: JSON.stringify(record),
  };
}
