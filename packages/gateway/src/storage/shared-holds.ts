import type { Kysely } from "kysely";
import type { Hold, HoldOn } from "../audit/retention/holds.ts";
import type { SharedHolds } from "../audit/retention/shared-holds.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** Holds in force, by the log that has their record. */
export interface HoldTables {
  readonly mayfly_holds: {
    /** The log's id: its first verifier key. */
    readonly log: string;
    readonly hold: string;
    /** What it is on, as JSON. */
    readonly held: string;
  };
}

/** Adds it. */
export async function addHolds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_holds")
    .addColumn("log", "text", (c) => c.notNull())
    .addColumn("hold", "text", (c) => c.notNull())
    .addColumn("held", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_holds_once", ["log", "hold"])
    .execute();
}

const rowOf = (log: string, { id, on }: Hold) => ({ log, hold: plain(id), held: JSON.stringify(on) });

/** The holds of a PostgreSQL store. */
export function sharedHolds(db: Kysely<Tables>): SharedHolds {
  const insert = async (on: Kysely<Tables>, log: string, holds: readonly Hold[]): Promise<void> => {
    if (holds.length === 0) return;
    await on
      .insertInto("mayfly_holds")
      .values(holds.map((hold) => rowOf(log, hold)))
      .onConflict((conflict) => conflict.columns(["log", "hold"]).doNothing())
      .execute();
  };
  return {
    async all() {
      const rows = await db
        .selectFrom("mayfly_holds")
        .select(["hold", "held"])
        .distinct()
        .orderBy("hold")
        .execute();
      return rows.map(({ hold, held }): Hold => ({ id: hold, on: JSON.parse(held) as HoldOn }));
    },
    add: (log, hold) => insert(db, log, [hold]),
    async keep(log, { inForce, lifted }) {
      await db.transaction().execute(async (on) => {
        const kept = await on.selectFrom("mayfly_holds").select("hold").where("log", "=", log).execute();
        const over = kept.map(({ hold }) => hold).filter((hold) => lifted.has(hold));
        if (over.length > 0)
          await on.deleteFrom("mayfly_holds").where("log", "=", log).where("hold", "in", over).execute();
        await insert(on, log, inForce);
      });
    },
    async takeFromGone(hold) {
      await db
        .deleteFrom("mayfly_holds")
        .where("hold", "=", plain(hold))
        .where((e) =>
          e.or([
            e("log", "in", e.selectFrom("mayfly_retired_logs").select("mayfly_retired_logs.log")),
            e("log", "not in", e.selectFrom("mayfly_logs").select("mayfly_logs.key")),
          ]),
        )
        .execute();
    },
  };
}
