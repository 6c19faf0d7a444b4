import { sql, type Kysely } from "kysely";
import type { SharedPlaces } from "../grants/gateways/shared-places.ts";
import { GONE_AFTER_MS } from "../kernel/gateways.ts";
import { storeNow } from "./store-now.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** The places that each run of a gateway holds of each grant and principal. */
export interface PlaceTables {
  readonly mayfly_places: {
    readonly of: string;
    readonly key: string;
    readonly life: string;
    readonly places: number;
  };
}

/** Adds it. */
export async function addPlaces(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_places")
    .addColumn("of", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("life", "text", (c) => c.notNull())
    .addColumn("places", "bigint", (c) => c.notNull().check(sql`places > 0`))
    .addPrimaryKeyConstraint("mayfly_places_key", ["of", "key", "life"])
    .execute();
}

/** Names Mayfly's advisory locks on places among all others: "plac" in ASCII. */
const LOCK_SPACE = 0x706c6163;

/** Shared places of a PostgreSQL store. */
export function sharedPlaces(db: Kysely<Tables>): SharedPlaces {
  return {
    claim: (life, wanted) =>
      db.transaction().execute(async (on) => {
        const sorted = wanted.toSorted((a, b) => (a.of + a.key < b.of + b.key ? -1 : 1));
        // In one order, so that no two claims wait for each other.
        for (const { of, key } of sorted)
          await sql`select pg_advisory_xact_lock(${LOCK_SPACE}, hashtext(${plain(`${of} ${key}`)}))`.execute(
            on,
          );
        // A statement of its own: its snapshot is taken once the locks are held.
        for (const { of, key, places, bound } of sorted) {
          const others = await on
            .selectFrom("mayfly_places as p")
            .innerJoin("mayfly_gateways as g", "g.life", "p.life")
            .select((e) => e.fn.sum<number | string | null>("p.places").as("places"))
            .where("p.of", "=", of)
            .where("p.key", "=", plain(key))
            .where("p.life", "!=", life)
            .where(sql<boolean>`g.seen_at >= ${storeNow} - ${sql.lit(GONE_AFTER_MS)}`)
            .executeTakeFirstOrThrow();
          if (Number(others.places ?? 0) + places > bound) return of;
        }
        await on
          .insertInto("mayfly_places")
          .values(sorted.map(({ of, key, places }) => ({ of, key: plain(key), life, places })))
          .onConflict((conflict) =>
            conflict
              .columns(["of", "key", "life"])
              .doUpdateSet((e) => ({ places: e.ref("excluded.places") })),
          )
          .execute();
        return undefined;
      }),
    async settle(life, { of, key, places }) {
      const mine = { of, key: plain(key), life };
      if (places > 0)
        await db
          .updateTable("mayfly_places")
          .set({ places })
          .where((e) => e.and(mine))
          .execute();
      else
        await db
          .deleteFrom("mayfly_places")
          .where((e) => e.and(mine))
          .execute();
    },
  };
}

/** Forgets the places of runs that are over. */
export async function forgetPlaces(db: Kysely<Tables>): Promise<void> {
  await db
    .deleteFrom("mayfly_places")
    .where((e) =>
      e.not(
        e.exists(
          e.selectFrom("mayfly_gateways as g").select("g.life").whereRef("g.life", "=", "mayfly_places.life"),
        ),
      ),
    )
    .execute();
}
