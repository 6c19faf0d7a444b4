import type { Kysely } from "kysely";
import type { GrantStore, Lockdown } from "../grants/grants.ts";
import { lockdownId, noteLockdown, owe } from "./agreement.ts";
import type { Tables } from "./schema.ts";

/** Reads the lock-down; inside a transaction that activates, no lock-down can come between until it ends. */
export async function readLockdown(
  on: Kysely<Tables>,
  hold?: "sqlite" | "postgres",
): Promise<Lockdown | undefined> {
  const query = on.selectFrom("mayfly_control").select("lockdown").where("id", "=", 1);
  // FOR SHARE makes setLockdown's update wait; SQLite has one writer anyway.
  const row = await (hold === "postgres" ? query.forShare() : query).executeTakeFirstOrThrow();
  return row.lockdown === null ? undefined : (JSON.parse(row.lockdown) as Lockdown);
}

/** The lock-down in force, and those that were. */
export function lockdownStore(
  db: Kysely<Tables>,
): Pick<GrantStore, "lockdown" | "setLockdown" | "knowsLockdown"> {
  return {
    lockdown: () => readLockdown(db),

    async setLockdown(value, owedTo) {
      await db.transaction().execute(async (on) => {
        await on
          .updateTable("mayfly_control")
          .set({ lockdown: value === undefined ? null : JSON.stringify(value) })
          .where("id", "=", 1)
          .executeTakeFirstOrThrow();
        if (value === undefined || !(await noteLockdown(on, value))) return;
        await owe(on, owedTo, "lockdown", lockdownId(value));
      });
    },

    async knowsLockdown({ since, by }) {
      const row = await db
        .selectFrom("mayfly_lockdowns")
        .select("since")
        .where("since", "=", since)
        .where("started_by", "=", by)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
