import { sql, type Kysely } from "kysely";
import type { RetiredLogs, Retirement } from "../audit/logs/retired.ts";
import { GONE_AFTER_MS } from "../kernel/gateways.ts";
import { plain } from "./rows.ts";
import { storeNow } from "./store-now.ts";
import type { Tables } from "./schema.ts";

/** Logs that an operator has given up: a row each, gone when its gateway comes back. */
export interface RetiredLogTables {
  readonly mayfly_retired_logs: {
    /** The log's id: its first verifier key. */
    readonly log: string;
    readonly name: string;
    readonly records: number;
    readonly checkpoint: string | null;
    readonly retired_by: string;
    readonly reason: string;
    readonly retired_at: number;
  };
}

/** Adds it. */
export async function addRetiredLogs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_retired_logs")
    .addColumn("log", "text", (c) => c.primaryKey().notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("records", "bigint", (c) => c.notNull())
    .addColumn("checkpoint", "text")
    .addColumn("retired_by", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("retired_at", "bigint", (c) => c.notNull())
    .execute();
}

/** @param hasGateways whether several can share the store: then none of those that live loses its log */
export function retiredLogs(db: Kysely<Tables>, hasGateways: boolean): RetiredLogs {
  return {
    async all() {
      // By the name that the log has now.
      const rows = await db
        .selectFrom("mayfly_retired_logs as r")
        .innerJoin("mayfly_logs as k", "k.key", "r.log")
        .select(["r.log", "k.name", "r.records", "r.checkpoint", "r.retired_by", "r.reason", "r.retired_at"])
        .orderBy("k.name")
        .execute();
      return rows.map(({ checkpoint, retired_by, retired_at, ...row }): Retirement => ({
        ...row,
        ...(checkpoint === null ? {} : { checkpoint }),
        by: retired_by,
        at: retired_at,
      }));
    },
    async retire({ log, name, records, checkpoint, by, reason, at }) {
      return db.transaction().execute(async (on) => {
        const found = await on
          .selectFrom("mayfly_logs as k")
          .select("k.key")
          .where("k.key", "=", log)
          .where("k.name", "=", name)
          .$if(hasGateways, (q) =>
            q.where((e) =>
              e.not(
                e.exists(
                  e
                    .selectFrom("mayfly_gateways as g")
                    .select("g.name")
                    .whereRef("g.name", "=", "k.name")
                    .where(sql<boolean>`g.seen_at >= ${storeNow} - ${sql.lit(GONE_AFTER_MS)}`),
                ),
              ),
            ),
          )
          .executeTakeFirst();
        if (found === undefined) return false;
        const kept = await on
          .insertInto("mayfly_retired_logs")
          .values({
            log,
            name,
            records,
            checkpoint: checkpoint ?? null,
            retired_by: plain(by),
            reason: plain(reason),
            retired_at: at,
          })
          .onConflict((conflict) => conflict.column("log").doNothing())
          .returning("log")
          .executeTakeFirst();
        return kept !== undefined;
      });
    },
    async end(log) {
      await db.deleteFrom("mayfly_retired_logs").where("log", "=", log).execute();
    },
  };
}
