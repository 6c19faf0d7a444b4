import { sql, type Insertable, type Kysely } from "kysely";
import type { AuditIndex } from "../audit/index-port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** Rows an insert: 11 parameters each stays far below what SQLite (32,766) and PostgreSQL (65,535) take. */
const batch = 500;
const most = 10_000;

/** Whether the record tells of a yes or a no, where it does. */
function decisionOf(record: AuditRecord): string | null {
  const said = record.detail.decision;
  if (typeof said === "string") return plain(said);
  if (/\.(?:denied|refused|timed_out)$/.test(record.type)) return "deny";
  return ["request.approved", "grant.activated", "grant.collected", "session.opened", "act.intent"].includes(
    record.type,
  )
    ? "permit"
    : null;
}

function rowOf(log: string, record: AuditRecord): Insertable<Tables["mayfly_records"]> {
  const { principal } = record;
  return {
    log,
    seq: record.seq,
    time: Date.parse(record.time),
    type: record.type,
    principal:
      principal === undefined
        ? ""
        : plain(
            [
              principal.name,
              principal.subject,
              ...(principal.person === undefined ? [] : [principal.person]),
              ...(principal.actors ?? []),
            ].join("\n"),
          ),
    connection: record.connection === undefined ? null : plain(record.connection),
    request: record.request === undefined ? null : plain(record.request),
    grant_id: record.grant === undefined ? null : plain(record.grant),
    session: record.session === undefined ? null : plain(record.session),
    decision: decisionOf(record),
    body: JSON.stringify(record),
  };
}

/** `column` holds `text`, whatever its case; `%`, `_` and the escape itself stand for themselves. */
function holds(column: "principal" | "body", text: string): ReturnType<typeof sql<boolean>> {
  const pattern = `%${plain(text).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}

/**
 * The searchable copy of one log.
 * @param log which one: gateways that share a store number their records alike, and each clears its own index
 */
export function auditIndex(db: Kysely<Tables>, log: string): AuditIndex {
  return {
    async insert(records) {
      if (records.length === 0) return;
      await db.transaction().execute(async (on) => {
        for (let start = 0; start < records.length; start += batch) {
          await on
            .insertInto("mayfly_records")
            .values(records.slice(start, start + batch).map((record) => rowOf(log, record)))
            .onConflict((conflict) => conflict.columns(["log", "seq"]).doNothing())
            .execute();
        }
      });
    },

    async last() {
      const row = await db
        .selectFrom("mayfly_records")
        .select((e) => e.fn.max("seq").as("last"))
        .where("log", "=", log)
        .executeTakeFirst();
      return row?.last ?? -1;
    },

    async search(query) {
      let rows = db.selectFrom("mayfly_records").select("body").where("log", "=", log);
      if (query.types !== undefined)
        rows = rows.where("type", "in", query.types.length === 0 ? [""] : query.types);
      if (query.principal !== undefined) rows = rows.where(holds("principal", query.principal));
      if (query.connection !== undefined) rows = rows.where("connection", "=", plain(query.connection));
      if (query.request !== undefined) rows = rows.where("request", "=", plain(query.request));
      if (query.grant !== undefined) rows = rows.where("grant_id", "=", plain(query.grant));
      if (query.session !== undefined) rows = rows.where("session", "=", plain(query.session));
      if (query.decision !== undefined) rows = rows.where("decision", "=", plain(query.decision));
      if (query.from !== undefined) rows = rows.where("time", ">=", query.from);
      if (query.to !== undefined) rows = rows.where("time", "<=", query.to);
      if (query.before !== undefined) rows = rows.where("seq", "<", query.before);
      for (const word of (query.text ?? "")
        .split(/\s+/)
        .filter((part) => part !== "")
        .slice(0, 16)) {
        // As the word stands in JSON text: quotes and backslashes are escaped there.
        rows = rows.where(holds("body", JSON.stringify(word).slice(1, -1)));
      }
      const limit = Math.min(Math.max(Math.trunc(query.limit), 1), most);
      const found = await rows.orderBy("seq", "desc").limit(limit).execute();
      return found.map((row) => JSON.parse(row.body) as AuditRecord);
    },

    async usage() {
      return [];
    },

    async clear() {
      await db.deleteFrom("mayfly_records").where("log", "=", log).execute();
    },
  };
}
