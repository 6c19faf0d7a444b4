import type { Kysely } from "kysely";
import type { SharedRenewals } from "../grants/leases/sharing.ts";
import type { Tables } from "./schema.ts";

/** What each gateway heard of tasks that hold leases: one row a gateway. */
export interface RenewalTables {
  readonly mayfly_renewals: {
    readonly gateway: string;
    readonly beat: string;
    /** JSON: milliseconds since the renewal, by grant. */
    readonly ages: string;
  };
}

/** Adds it. */
export async function addRenewals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_renewals")
    .addColumn("gateway", "text", (c) => c.primaryKey().notNull())
    .addColumn("beat", "text", (c) => c.notNull())
    .addColumn("ages", "text", (c) => c.notNull())
    .execute();
}

/** Keeps what one gateway says, in the place of what it said before. */
export async function tellRenewals(
  db: Kysely<Tables>,
  { gateway, beat, ages }: SharedRenewals,
): Promise<void> {
  const said = { beat, ages: JSON.stringify(ages) };
  await db
    .insertInto("mayfly_renewals")
    .values({ gateway, ...said })
    .onConflict((conflict) => conflict.column("gateway").doUpdateSet(said))
    .execute();
}

/** What each gateway said last. */
export async function renewals(db: Kysely<Tables>): Promise<readonly SharedRenewals[]> {
  const rows = await db.selectFrom("mayfly_renewals").selectAll().execute();
  return rows.map(({ gateway, beat, ages }) => ({
    gateway,
    beat,
    ages: JSON.parse(ages) as Readonly<Record<string, number>>,
  }));
}
