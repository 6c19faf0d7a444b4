import { sql, type Kysely } from "kysely";
import type { Progress } from "../grants/durability/owed.ts";
import type { Lockdown } from "../grants/grants.ts";
import type { Tables } from "./schema.ts";

/** The tables with which a start brings the store and the logs to agreement. */
export interface AgreementTables {
  /** Every lock-down that the store has taken, also after it was lifted. */
  readonly mayfly_lockdowns: {
    readonly since: number;
    readonly started_by: string;
    readonly body: string;
  };
  /** What has ended, was closed or was locked down, and which log has yet to record it. */
  readonly mayfly_owed: {
    readonly log: string;
    readonly kind: OwedKind;
    /** A grant, a request, or `since by` of a lock-down. */
    readonly id: string;
  };
  readonly mayfly_progress: {
    readonly log: string;
    /** Number of the first record that the store may not agree with yet. */
    readonly position: number;
    /** The newest time that the gateway of that log has seen. */
    readonly seen_at: number;
  };
  /** Always empty: a row written and removed again proves that the store has room. */
  readonly mayfly_room: { readonly id: number; readonly filler: string };
}

/** Stands in a store that is older than its knowledge of logs; no log has this id. */
const ANY_LOG = "*";

/** Adds them. */
export async function addAgreement(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_owed")
    .addColumn("log", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_owed_key", ["log", "kind", "id"])
    .execute();
  await db.schema
    .createTable("mayfly_lockdowns")
    .addColumn("since", "bigint", (c) => c.notNull())
    .addColumn("started_by", "text", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_lockdowns_key", ["since", "started_by"])
    .execute();
  await db.schema
    .createTable("mayfly_progress")
    .addColumn("log", "text", (c) => c.primaryKey().notNull())
    .addColumn("position", "bigint", (c) => c.notNull())
    .addColumn("seen_at", "bigint", (c) => c.notNull())
    .execute();
  // What is stored already was kept in agreement by hand: logs that are not known yet are read from their end on.
  await sql`insert into mayfly_progress (log, position, seen_at)
    select ${sql.lit(ANY_LOG)}, 0, 0 where exists (select 1 from mayfly_requests)`.execute(db);
  await db.schema
    .createTable("mayfly_room")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("filler", "text", (c) => c.notNull())
    .execute();
}

/** More than a few pages of SQLite: what a change of the store may need. */
const ROOM_BYTES = 32_768;

/** How far a log and the store agree. */
export async function progressOf(db: Kysely<Tables>, log: string): Promise<Progress | undefined> {
  const rows = await db
    .selectFrom("mayfly_progress")
    .select(["log", "position", "seen_at"])
    .where("log", "in", [log, ANY_LOG])
    .execute();
  const row = rows.find((one) => one.log === log);
  if (row !== undefined) return { position: row.position, seenAt: row.seen_at };
  return rows.length === 0 ? undefined : { position: Number.MAX_SAFE_INTEGER, seenAt: 0 };
}

/**
 * Keeps how far log and store agree. On SQLite, whose disk is the gateway's own, the same transaction proves that the
 * store has room for more.
 */
export async function setProgress(
  db: Kysely<Tables>,
  kind: "sqlite" | "postgres",
  log: string,
  { position, seenAt }: Progress,
): Promise<void> {
  await db.transaction().execute(async (on) => {
    if (kind === "sqlite") {
      await on
        .insertInto("mayfly_room")
        .values({ id: 1, filler: "-".repeat(ROOM_BYTES) })
        .execute();
      await on.deleteFrom("mayfly_room").execute();
    }
    await on
      .insertInto("mayfly_progress")
      .values({ log, position, seen_at: seenAt })
      .onConflict((conflict) => conflict.column("log").doUpdateSet({ position, seen_at: seenAt }))
      .execute();
  });
}

/** Marks a log to be read from its first record on: what it has lost is unknown. */
export async function doubtAgreement(on: Kysely<Tables>, log: string): Promise<void> {
  await on
    .insertInto("mayfly_progress")
    .values({ log, position: 0, seen_at: 0 })
    .onConflict((conflict) => conflict.column("log").doUpdateSet({ position: 0 }))
    .execute();
}

/** Transfers the unrecorded ends of a lost log to its successor. */
export async function inheritDebts(on: Kysely<Tables>, lost: string, log: string): Promise<void> {
  const owed = await on.deleteFrom("mayfly_owed").where("log", "=", lost).returning(["kind", "id"]).execute();
  for (const { kind, id } of owed) await owe(on, log, kind, id);
}

/** Notes that the store has taken a lock-down, once. */
export async function noteLockdown(on: Kysely<Tables>, lockdown: Lockdown): Promise<boolean> {
  const noted = await on
    .insertInto("mayfly_lockdowns")
    .values({ since: lockdown.since, started_by: lockdown.by, body: JSON.stringify(lockdown) })
    .onConflict((conflict) => conflict.columns(["since", "started_by"]).doNothing())
    .executeTakeFirst();
  return Number(noted.numInsertedOrUpdatedRows ?? 0n) === 1;
}

type OwedKind = "grant" | "request" | "lockdown";

/** Notes that a log has yet to record something. */
export async function owe(
  on: Kysely<Tables>,
  log: string | undefined,
  kind: OwedKind,
  id: string,
): Promise<void> {
  if (log === undefined) return;
  await on
    .insertInto("mayfly_owed")
    .values({ log, kind, id })
    .onConflict((conflict) => conflict.columns(["log", "kind", "id"]).doNothing())
    .execute();
}

/** The log has recorded it. */
export async function settleDebts(
  on: Kysely<Tables>,
  log: string,
  kind: OwedKind,
  id: string,
): Promise<void> {
  await on
    .deleteFrom("mayfly_owed")
    .where("log", "=", log)
    .where("kind", "=", kind)
    .where("id", "=", id)
    .execute();
}

/** What a log has yet to record, by kind. */
export async function owedIds(
  on: Kysely<Tables>,
  log: string,
): Promise<Readonly<Record<OwedKind, readonly string[]>>> {
  const rows = await on
    .selectFrom("mayfly_owed")
    .select(["kind", "id"])
    .where("log", "=", log)
    .orderBy("id")
    .execute();
  const of = (kind: OwedKind): string[] => rows.filter((row) => row.kind === kind).map(({ id }) => id);
  return { grant: of("grant"), request: of("request"), lockdown: of("lockdown") };
}

/** The key of a lock-down. */
export function lockdownId({ since, by }: Pick<Lockdown, "since" | "by">): string {
  return `${since} ${by}`;
}
