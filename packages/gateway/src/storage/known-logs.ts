import type { Kysely } from "kysely";
import type { Acceptance, KnownLog, KnownLogs } from "../audit/known/known-log.ts";
import { doubtAgreement, inheritDebts } from "./agreement.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** What the store remembers of each log, so that a start notices when it is gone. */
export interface KnownLogTables {
  readonly mayfly_logs: {
    readonly name: string;
    readonly key: string;
    readonly records: number;
    readonly checkpoint: string | null;
    readonly seen_at: number;
    /** Who accepted a loss, as JSON; null as a rule. */
    readonly accepted: string | null;
  };
}

export async function addKnownLogs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_logs")
    .addColumn("name", "text", (c) => c.primaryKey().notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("records", "bigint", (c) => c.notNull())
    .addColumn("checkpoint", "text")
    .addColumn("seen_at", "bigint", (c) => c.notNull())
    .addColumn("accepted", "text")
    .execute();
}

export function knownLogs(db: Kysely<Tables>): KnownLogs {
  return {
    async all() {
      const rows = await db.selectFrom("mayfly_logs").selectAll().orderBy("name").execute();
      return rows.map(({ name, key, records, checkpoint, seen_at, accepted }): KnownLog => ({
        name,
        key,
        records,
        at: seen_at,
        ...(checkpoint === null ? {} : { checkpoint }),
        ...(accepted === null ? {} : { accepted: JSON.parse(accepted) as Acceptance }),
      }));
    },
    async remember({ name, key, records, checkpoint, at }, instead = name) {
      const now = { key, records, checkpoint: checkpoint ?? null, seen_at: at, accepted: null };
      await db.transaction().execute(async (on) => {
        const replaced = await on
          .selectFrom("mayfly_logs")
          .select("key")
          .where("name", "in", [name, instead])
          .where("key", "!=", key)
          .execute();
        for (const { key: lost } of replaced) await inheritDebts(on, lost, key);
        if (instead !== name) await on.deleteFrom("mayfly_logs").where("name", "=", instead).execute();
        await on
          .insertInto("mayfly_logs")
          .values({ name, ...now })
          .onConflict((conflict) => conflict.column("name").doUpdateSet(now))
          .execute();
      });
    },
    async accept(name, { by, reason, at }) {
      await db.transaction().execute(async (on) => {
        const { key } = await on
          .updateTable("mayfly_logs")
          .set({ accepted: JSON.stringify({ by: plain(by), reason: plain(reason), at }) })
          .where("name", "=", name)
          .returning("key")
          .executeTakeFirstOrThrow();
        await doubtAgreement(on, key);
      });
    },
  };
}
