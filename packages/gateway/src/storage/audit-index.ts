import { sql, type Insertable, type Kysely } from "kysely";
import type { AuditIndex } from "../audit/index-port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { plain } from "./rows.ts";
import { addToUsage, readUsage, usageRows } from "./usage.ts";
import type { Tables } from "./schema.ts";

/** Rows an insert: 12 parameters each stays far below what SQLite (32,766) and PostgreSQL (65,535) take. */
const batch = 500;
const most = 10_000;

/** Whether the record tells of a yes or a no, where it does. */
function decisionOf(record: AuditRecord): string | null {
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
 * The operations that a record is about. An act is about the one that permitted it, whatever else its grant covers.
 */
function operationsOf({ connection, operations, detail }: AuditRecord): string | null {
  const named = typeof detail["operation"] === "string" ? [detail["operation"]] : operations;
  if (named === undefined || named.length === 0) return null;
  const full = named.map((name) =>
    connection === undefined || name.startsWith(`${connection}/`) ? name : `${connection}/${name}`,
  );
  return plain(`\n${full.join("\n")}\n`);
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
    operations: operationsOf(record),
    body: JSON.stringify(record),
  };
}

/** A text as part of a pattern: `%`, `_` and the escape itself stand for themselves. */
function literal(text: string): string {
  return plain(text).replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** Every log that has records in the store: a hop from one to the next, as no index is told apart by log alone. */
async function logsOf(db: Kysely<Tables>): Promise<readonly string[]> {
  const found = await sql<{ readonly log: string | null }>`
    with recursive logs(log) as (
      select min(log) from mayfly_records
      union all
      select (select min(r.log) from mayfly_records r where r.log > logs.log) from logs where logs.log is not null
    )
    select log from logs where log is not null`.execute(db);
  return found.rows.flatMap(({ log }) => (log === null ? [] : [log]));
}

/** `column` holds `text`, whatever its case. */
function holds(column: "principal" | "body", text: string): ReturnType<typeof sql<boolean>> {
  const pattern = `%${literal(text)}%`;
  return sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}

async function lastOf(db: Kysely<Tables>, log: string): Promise<number> {
  const row = await db
    .selectFrom("mayfly_records")
    .select((e) => e.fn.max("seq").as("last"))
    .where("log", "=", log)
    .executeTakeFirst();
  return row?.last ?? -1;
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
        const held = await lastOf(on, log);
        for (let start = 0; start < records.length; start += batch) {
          await on
            .insertInto("mayfly_records")
            .values(records.slice(start, start + batch).map((record) => rowOf(log, record)))
            .onConflict((conflict) => conflict.columns(["log", "seq"]).doNothing())
            .execute();
        }
        // A record counts once, however often it is indexed.
        await addToUsage(
          on,
          usageRows(
            log,
            records.filter(({ seq }) => seq > held),
          ),
        );
      });
    },

    last: () => lastOf(db, log),

    async search(query) {
      let rows = db.selectFrom("mayfly_records").select("body").where("log", "=", log);
      if (query.types !== undefined)
        rows = rows.where("type", "in", query.types.length === 0 ? [""] : query.types);
      if (query.principal !== undefined) rows = rows.where(holds("principal", query.principal));
      if (query.connection !== undefined) rows = rows.where("connection", "=", plain(query.connection));
      if (query.operation !== undefined) {
        const name = query.operation.includes("/") ? `\n${query.operation}` : `/${query.operation}`;
        rows = rows.where(sql<boolean>`operations like ${`%${literal(`${name}\n`)}%`} escape '\\'`);
      }
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

    usage: (from) => readUsage(db, log, from),

    async actsOf(grants) {
      const counts = new Map(grants.map((grant) => [grant, { acts: 0, denied: 0 }]));
      const logs = await logsOf(db);
      if (grants.length === 0 || logs.length === 0) return counts;
      const rows = await db
        .selectFrom("mayfly_records")
        .select(["grant_id", "type", (e) => e.fn.countAll().as("number")])
        .where("log", "in", logs)
        .where("grant_id", "in", grants.map(plain))
        .where("type", "in", ["act.intent", "act.denied"])
        .groupBy(["grant_id", "type"])
        .execute();
      for (const { grant_id, type, number } of rows) {
        const count = counts.get(grant_id ?? "");
        if (count !== undefined) count[type === "act.denied" ? "denied" : "acts"] += Number(number);
      }
      return counts;
    },

    async clear() {
      await db.transaction().execute(async (on) => {
        await on.deleteFrom("mayfly_records").where("log", "=", log).execute();
        await on.deleteFrom("mayfly_usage").where("log", "=", log).execute();
      });
    },
  };
}
