import { sql, type Insertable, type Kysely } from "kysely";
import type { AuditRecord } from "../audit/records.ts";
import { decodeRun, encodeRun, type RunEntry } from "./act-run-codec.ts";
import type { Tables } from "./schema.ts";

/**
 * The acts of sessions, as numbers of records alone: what they say stands in the log, and whose they are in the row of
 * their session's opening record.
 */
export interface ActRunTables {
  /** Numbers for logs: a log's id takes 80 bytes. */
  readonly mayfly_indexed_logs: { readonly number: number; readonly log: string };
  readonly mayfly_act_runs: {
    /** The log's number. */
    readonly log: number;
    /** The number of the session's opening record. */
    readonly opening: number;
    readonly first: number;
    readonly last: number;
    readonly first_time: number;
    readonly last_time: number;
    readonly intents: number;
    readonly denied: number;
    readonly outcomes: number;
    /** The records' numbers and types: act-run-codec.ts. */
    readonly entries: Uint8Array;
  };
}

type RunRow = Insertable<ActRunTables["mayfly_act_runs"]>;

/** Makes the tables, and the index of records without acts. What was indexed before is indexed again from the files. */
export async function addActRuns(db: Kysely<unknown>, kind: "sqlite" | "postgres"): Promise<void> {
  const number = kind === "sqlite" ? "integer" : "bigint";
  const logs = db.schema.createTable("mayfly_indexed_logs");
  await (
    kind === "sqlite"
      ? logs.addColumn("number", "integer", (c) => c.primaryKey().autoIncrement())
      : logs.addColumn("number", "integer", (c) => c.primaryKey().generatedAlwaysAsIdentity())
  )
    .addColumn("log", "text", (c) => c.notNull().unique())
    .execute();
  await db.schema
    .createTable("mayfly_act_runs")
    .addColumn("log", "integer", (c) => c.notNull())
    .addColumn("opening", number, (c) => c.notNull())
    .addColumn("first", number, (c) => c.notNull())
    .addColumn("last", number, (c) => c.notNull())
    .addColumn("first_time", "bigint", (c) => c.notNull())
    .addColumn("last_time", "bigint", (c) => c.notNull())
    .addColumn("intents", "integer", (c) => c.notNull())
    .addColumn("denied", "integer", (c) => c.notNull())
    .addColumn("outcomes", "integer", (c) => c.notNull())
    .addColumn("entries", kind === "sqlite" ? "blob" : "bytea", (c) => c.notNull())
    // A record is in one run, so that a run's last record names it.
    .addPrimaryKeyConstraint("mayfly_act_runs_key", ["log", "last"])
    .execute();
  await db.schema
    .createIndex("mayfly_act_runs_opening")
    .on("mayfly_act_runs")
    .columns(["log", "opening", "last"])
    .execute();
  await db.schema.dropTable("mayfly_records").execute();
  await sql`delete from mayfly_usage`.execute(db);
  const records = db.schema
    .createTable("mayfly_records")
    .addColumn("log", "text", (c) => c.notNull())
    .addColumn("seq", number, (c) => c.notNull())
    .addColumn("time", "bigint", (c) => c.notNull())
    .addColumn("type", "text", (c) => c.notNull());
  const columns = ["principal", "connection", "request", "grant_id", "session", "decision", "operations"];
  await columns
    .reduce((table, column) => table.addColumn(column, "text"), records)
    .addColumn("body", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_records_key", ["log", "seq"])
    .execute();
  for (const column of ["time", "request", "grant_id", "session"] as const) {
    await db.schema
      .createIndex(`mayfly_records_${column}`)
      .on("mayfly_records")
      .columns(["log", column, "seq"])
      .where(sql.ref(column), "is not", null)
      .execute();
  }
}

/** The number of a log, given when it is first indexed. */
export async function numberOfLog(on: Kysely<Tables>, log: string): Promise<number> {
  const find = (): Promise<{ readonly number: number } | undefined> =>
    on.selectFrom("mayfly_indexed_logs").select("number").where("log", "=", log).executeTakeFirst();
  const found = await find();
  if (found !== undefined) return found.number;
  await on
    .insertInto("mayfly_indexed_logs")
    .values({ log } as Insertable<Tables["mayfly_indexed_logs"]>)
    .onConflict((conflict) => conflict.column("log").doNothing())
    .execute();
  const made = await find();
  if (made === undefined) throw new Error("the log's number is gone");
  return made.number;
}

/**
 * The runs of some acts: one a session. Pure.
 * @param records of acts, in the order of the log
 * @param openings their sessions' opening records' numbers, by theirs
 */
export function runRows(
  log: number,
  records: readonly AuditRecord[],
  openings: ReadonlyMap<number, number>,
): readonly RunRow[] {
  const runs = new Map<number, { entries: RunEntry[]; times: number[] }>();
  for (const { seq, type, time } of records) {
    const opening = openings.get(seq);
    if (opening === undefined) continue;
    const run = runs.get(opening) ?? { entries: [], times: [] };
    runs.set(opening, run);
    run.entries.push({ seq, type: type as RunEntry["type"] });
    run.times.push(Date.parse(time));
  }
  return Array.from(runs, ([opening, { entries, times }]) => ({
    log,
    opening,
    first_time: times.reduce((a, b) => Math.min(a, b)),
    last_time: times.reduce((a, b) => Math.max(a, b)),
    ...columnsOf(entries),
  }));
}

/** What a row says of its entries, of which there is one at least. */
export function columnsOf(
  entries: readonly RunEntry[],
): Pick<RunRow, "first" | "last" | "intents" | "denied" | "outcomes" | "entries"> {
  const count = (type: RunEntry["type"]): number => entries.filter((entry) => entry.type === type).length;
  const first = (entries[0] as RunEntry).seq;
  return {
    first,
    last: (entries.at(-1) as RunEntry).seq,
    intents: count("act.intent"),
    denied: count("act.denied"),
    outcomes: count("act.outcome"),
    entries: encodeRun(first, entries),
  };
}

/** The acts of a run as they were encoded. */
export function entriesOf(row: {
  readonly first: number;
  readonly entries: Uint8Array;
}): readonly RunEntry[] {
  return decodeRun(row.first, row.entries);
}
