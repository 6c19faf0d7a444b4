import { setImmediate } from "node:timers/promises";
import { CompiledQuery, sql, type Kysely } from "kysely";
import type { ActCounts, AuditIndex } from "../audit/index/port.ts";
import { forgetRecords } from "./forget-records.ts";
import { numberOfLog, runRows } from "./act-runs.ts";
import { rowOf, type RecordRow } from "./record-row.ts";
import { searchRecords } from "./record-search.ts";
import { plain } from "./rows.ts";
import { addToUsage, countRecords, readHours, readUsage, usageRows } from "./usage.ts";
import type { Tables } from "./schema.ts";

/** Rows an insert, after which the loop that serves clients has its turn. */
const CHUNK_ROWS = 64;

const COLUMNS = [
  "log",
  "seq",
  "time",
  "type",
  "principal",
  "connection",
  "request",
  "grant_id",
  "session",
  "decision",
  "operations",
  "body",
] as const satisfies readonly (keyof RecordRow)[];

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

/** The number of the last record that the index has of a log; -1: none. */
export async function lastOf(db: Kysely<Tables>, log: string): Promise<number> {
  const record = await db
    .selectFrom("mayfly_records")
    .select((e) => e.fn.max("seq").as("last"))
    .where("log", "=", log)
    .executeTakeFirst();
  const run = await db
    .selectFrom("mayfly_act_runs as r")
    .select((e) => e.fn.max("r.last").as("last"))
    .where("r.log", "=", numberIn(db, log))
    .executeTakeFirst();
  return Math.max(record?.last ?? -1, run?.last ?? -1);
}

const numberIn = (db: Kysely<Tables>, log: string) =>
  db.selectFrom("mayfly_indexed_logs").select("number").where("log", "=", log);

/** Adds rows; one that is there already stays. Building a statement costs more than running it: it is built once. */
function inserter(): (on: Kysely<Tables>, rows: readonly RecordRow[]) => Promise<void> {
  const texts = new Map<number, string>();

  function textFor(on: Kysely<Tables>, rows: readonly RecordRow[]): string {
    let text = texts.get(rows.length);
    if (text === undefined) {
      ({ sql: text } = on
        .insertInto("mayfly_records")
        .columns(COLUMNS)
        .values([...rows])
        .onConflict((conflict) => conflict.columns(["log", "seq"]).doNothing())
        .compile());
      texts.set(rows.length, text);
    }
    return text;
  }

  return async (on, rows) => {
    const values: unknown[] = [];
    for (const row of rows) for (const column of COLUMNS) values.push(row[column]);
    await on.executeQuery(CompiledQuery.raw(textFor(on, rows), values));
  };
}

/** Adds rows some at a time; the loop that serves clients has its turn in between. */
async function inSteps<Row>(
  rows: readonly Row[],
  add: (some: readonly Row[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    if (start > 0) await setImmediate();
    await add(rows.slice(start, start + CHUNK_ROWS));
  }
}

/** Runs work whose transactions need not survive a power cut, as long as those before and after it do. */
export type Relaxed = (db: Kysely<Tables>, work: (on: Kysely<Tables>) => Promise<void>) => Promise<void>;

/**
 * What finds the records of one log.
 * @param log which one: gateways that share a store number their records alike, and each clears its own index
 * @param relaxed how records are added: what a power cut takes is indexed again from the files
 */
export function auditIndex(
  db: Kysely<Tables>,
  log: string,
  relaxed: Relaxed = (on, work) => work(on),
): AuditIndex {
  const insertRows = inserter();
  return {
    async insert(records, openings) {
      if (records.length === 0) return;
      const add = async (on: Kysely<Tables>): Promise<void> => {
        const held = await lastOf(on, log);
        // A record counts once, however often it is indexed.
        const fresh = records.filter(({ seq }) => seq > held);
        const own = records.filter(({ seq }) => openings?.has(seq) !== true);
        await inSteps(
          own.map((record) => rowOf(log, record)),
          (rows) => insertRows(on, rows),
        );
        if (openings !== undefined && openings.size > 0)
          await inSteps(runRows(await numberOfLog(on, log), fresh, openings), async (rows) => {
            await on
              .insertInto("mayfly_act_runs")
              .values([...rows])
              .execute();
          });
        await addToUsage(on, usageRows(log, fresh));
      };
      await relaxed(db, (on) => on.transaction().execute(add));
    },

    last: () => lastOf(db, log),

    search: async (query, read) => searchRecords(db, log, query, await lastOf(db, log), read),

    usage: (from) => readUsage(db, log, from),
    hours: (from) => readHours(db, log, from),
    counts: (from, types) => countRecords(db, log, from, types),

    async actsOf(grants) {
      const counts = new Map<string, { -readonly [K in keyof ActCounts]: ActCounts[K] }>(
        grants.map((grant) => [grant, { acts: 0, denied: 0 }]),
      );
      const logs = await logsOf(db);
      if (grants.length === 0 || logs.length === 0) return counts;
      const whose = grants.map(plain);
      const add = (grant: string | null, what: keyof ActCounts, number: number | string): void => {
        const count = counts.get(grant ?? "");
        if (count !== undefined) count[what] += Number(number);
      };
      // By their own row, as in logs of the older form, or by their session's opening record's.
      const rows = await db
        .selectFrom("mayfly_records")
        .select(["grant_id", "type", (e) => e.fn.countAll().as("number")])
        .where("log", "in", logs)
        .where("grant_id", "in", whose)
        .where("type", "in", ["act.intent", "act.denied"])
        .groupBy(["grant_id", "type"])
        .execute();
      for (const { grant_id, type, number } of rows)
        add(grant_id, type === "act.denied" ? "denied" : "acts", Number(number));
      const runs = await db
        .selectFrom("mayfly_records as o")
        .innerJoin("mayfly_indexed_logs as l", "l.log", "o.log")
        .innerJoin("mayfly_act_runs as r", (join) =>
          join.onRef("r.log", "=", "l.number").onRef("r.opening", "=", "o.seq"),
        )
        .select((e) => [
          "o.grant_id",
          e.fn.sum<number | string>("r.intents").as("acts"),
          e.fn.sum<number | string>("r.denied").as("denied"),
        ])
        .where("o.log", "in", logs)
        .where("o.grant_id", "in", whose)
        .groupBy("o.grant_id")
        .execute();
      for (const { grant_id, acts, denied } of runs) {
        add(grant_id, "acts", acts);
        add(grant_id, "denied", denied);
      }
      return counts;
    },

    forget: (from, to, but) => forgetRecords(db, log, { from, to, but }),

    async clear() {
      await db.transaction().execute(async (on) => {
        await on.deleteFrom("mayfly_records").where("log", "=", log).execute();
        await on.deleteFrom("mayfly_act_runs").where("log", "=", numberIn(on, log)).execute();
        await on.deleteFrom("mayfly_usage").where("log", "=", log).execute();
      });
    },
  };
}
