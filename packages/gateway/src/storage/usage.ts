import { sql, type Insertable, type Kysely } from "kysely";
import type { HourOfUse, Usage } from "../audit/index/port.ts";
import type { AuditRecord, RecordType } from "../audit/records.ts";
import { operationsSaid } from "./record-row.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** How connections and operations were used, an hour a row, counted while the log is indexed. */
export interface UsageTables {
  readonly mayfly_usage: {
    readonly log: string;
    /** Whole hours since the epoch. */
    readonly hour: number;
    readonly connection: string;
    /** Empty for what is of no one operation: grants and denials. */
    readonly operation: string;
    readonly grants: number;
    readonly acts: number;
    readonly denied: number;
    /** Of the newest permitted act in that hour. */
    readonly last_at: number | null;
  };
}

const HOUR_MS = 3_600_000;

/** Adds the counts to the index of records. What was indexed before is indexed again from the files. */
export async function addUsage(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_usage")
    .addColumn("log", "text", (c) => c.notNull())
    .addColumn("connection", "text", (c) => c.notNull())
    .addColumn("operation", "text", (c) => c.notNull())
    .addColumn("hour", "bigint", (c) => c.notNull())
    .addColumn("grants", "bigint", (c) => c.notNull())
    .addColumn("acts", "bigint", (c) => c.notNull())
    .addColumn("denied", "bigint", (c) => c.notNull())
    .addColumn("last_at", "bigint")
    .addPrimaryKeyConstraint("mayfly_usage_key", ["log", "connection", "operation", "hour"])
    .execute();
  await db.schema.alterTable("mayfly_records").addColumn("operations", "text").execute();
  await sql`delete from mayfly_records`.execute(db);
}

/** The part of `connection/operation` that names the operation on that connection. */
function operationOn(connection: string, name: string): string {
  return plain(name.startsWith(`${connection}/`) ? name.slice(connection.length + 1) : name);
}

/** What these records add to the counts: a row an hour, connection and operation. Pure. */
export function usageRows(
  log: string,
  records: readonly AuditRecord[],
): readonly Insertable<Tables["mayfly_usage"]>[] {
  const rows = new Map<
    string,
    { -readonly [K in keyof Tables["mayfly_usage"]]: Tables["mayfly_usage"][K] }
  >();
  for (const { type, time, connection, detail } of records) {
    const counted = type === "grant.activated" || type === "act.intent" || type === "act.denied";
    if (!counted || connection === undefined) continue;
    const at = Date.parse(time);
    // An act that several operations covered together is one of each.
    const by = type === "act.intent" ? (operationsSaid(detail["operation"]) ?? [""]) : [""];
    for (const name of by) {
      const operation = operationOn(connection, name);
      const hour = Math.floor(at / HOUR_MS);
      const key = JSON.stringify([hour, connection, operation]);
      const row = rows.get(key) ?? {
        log,
        hour,
        connection: plain(connection),
        operation,
        grants: 0,
        acts: 0,
        denied: 0,
        last_at: null,
      };
      rows.set(key, row);
      if (type === "grant.activated") row.grants += 1;
      else if (type === "act.denied") row.denied += 1;
      else {
        row.acts += 1;
        row.last_at = Math.max(row.last_at ?? at, at);
      }
    }
  }
  return [...rows.values()];
}

/** Adds rows to the counts. */
export async function addToUsage(
  db: Kysely<Tables>,
  rows: readonly Insertable<Tables["mayfly_usage"]>[],
): Promise<void> {
  for (const row of rows) {
    await db
      .insertInto("mayfly_usage")
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(["log", "connection", "operation", "hour"]).doUpdateSet((e) => ({
          grants: e("mayfly_usage.grants", "+", e.ref("excluded.grants")),
          acts: e("mayfly_usage.acts", "+", e.ref("excluded.acts")),
          denied: e("mayfly_usage.denied", "+", e.ref("excluded.denied")),
          last_at: sql<
            number | null
          >`case when excluded.last_at > coalesce(mayfly_usage.last_at, 0) then excluded.last_at else mayfly_usage.last_at end`,
        })),
      )
      .execute();
  }
}

/** The counts of the hours that end after `from`, milliseconds since the epoch. */
export async function readUsage(db: Kysely<Tables>, log: string, from: number): Promise<readonly Usage[]> {
  const rows = await db
    .selectFrom("mayfly_usage")
    .select(["connection", "operation"])
    .select((e) => [
      e.fn.sum<number | string>("grants").as("grants"),
      e.fn.sum<number | string>("acts").as("acts"),
      e.fn.sum<number | string>("denied").as("denied"),
      e.fn.max("last_at").as("last_at"),
    ])
    .where("log", "=", log)
    .where("hour", ">=", Math.floor(from / HOUR_MS))
    .groupBy(["connection", "operation"])
    .orderBy("connection")
    .orderBy("operation")
    .execute();
  return rows.map((row) => ({
    connection: row.connection,
    ...(row.operation === "" ? {} : { operation: row.operation }),
    // PostgreSQL's sum of bigint is numeric, which comes as text.
    grants: Number(row.grants),
    acts: Number(row.acts),
    denied: Number(row.denied),
    ...(row.last_at === null ? {} : { lastAt: row.last_at }),
  }));
}

/** The counts of each of these hours, oldest first; an hour without any is left out. */
export async function readHours(
  db: Kysely<Tables>,
  log: string,
  from: number,
): Promise<readonly HourOfUse[]> {
  const rows = await db
    .selectFrom("mayfly_usage")
    .select("hour")
    .select((e) => [
      e.fn.sum<number | string>("grants").as("grants"),
      e.fn.sum<number | string>("acts").as("acts"),
      e.fn.sum<number | string>("denied").as("denied"),
    ])
    .where("log", "=", log)
    .where("hour", ">=", Math.floor(from / HOUR_MS))
    .groupBy("hour")
    .orderBy("hour")
    .execute();
  return rows.map((row) => ({
    at: row.hour * HOUR_MS,
    grants: Number(row.grants),
    acts: Number(row.acts),
    denied: Number(row.denied),
  }));
}

/** How many records of these types are in the index since a time; by the index of times, which holds no acts. */
export async function countRecords(
  db: Kysely<Tables>,
  log: string,
  from: number,
  types: readonly RecordType[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("mayfly_records")
    .select("type")
    .select((e) => e.fn.countAll<number | string>().as("count"))
    .where("log", "=", log)
    .where("time", ">=", from)
    .where("type", "in", [...types])
    .groupBy("type")
    .execute();
  return new Map(rows.map(({ type, count }) => [type, Number(count)]));
}
