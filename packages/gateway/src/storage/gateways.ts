import { sql, type Kysely } from "kysely";
import type { GatewayRegistry, RegisteredGateway } from "../grants/gateways/registry.ts";
import { FORGOTTEN_AFTER_MS } from "../kernel/gateways.ts";
import { forgetPlaces } from "./shared-places.ts";
import { storeNow } from "./store-now.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/**
 * The gateways that serve with a store that several share: one row each, gone when it stopped. That of
 * one that was killed stays until it starts again, or for a day: names in containers are new at every start.
 */
export interface GatewayTables {
  readonly mayfly_gateways: {
    readonly name: string;
    readonly life: string;
    readonly beats: number;
    readonly place: string;
    readonly host: string;
    readonly version: string;
    /** By the store's clock, as is `seen_at`. */
    readonly started_at: number;
    readonly seen_at: number;
  };
}

/** Adds it. */
export async function addGateways(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_gateways")
    .addColumn("name", "text", (c) => c.primaryKey().notNull())
    .addColumn("life", "text", (c) => c.notNull())
    .addColumn("beats", "bigint", (c) => c.notNull())
    .addColumn("place", "text", (c) => c.notNull())
    .addColumn("host", "text", (c) => c.notNull())
    .addColumn("version", "text", (c) => c.notNull())
    .addColumn("started_at", "bigint", (c) => c.notNull())
    .addColumn("seen_at", "bigint", (c) => c.notNull())
    .execute();
}

/** The registry of a PostgreSQL store. */
export function gatewayRegistry(db: Kysely<Tables>): GatewayRegistry {
  return {
    async read() {
      const rows = await db.selectFrom("mayfly_gateways").selectAll().orderBy("name").execute();
      // Last, so that no beat that was read lies after it.
      const clock = await db.selectNoFrom(storeNow.as("now")).executeTakeFirstOrThrow();
      return {
        now: clock.now,
        gateways: rows.map(({ started_at, seen_at, ...row }): RegisteredGateway => ({
          ...row,
          startedAt: started_at,
          seenAt: seen_at,
        })),
      };
    },
    async claim({ name, life, place, host, version }, over) {
      const row = {
        life,
        place: plain(place),
        host: plain(host),
        version,
        beats: 0,
        started_at: storeNow,
        seen_at: storeNow,
      };
      const claimed = await db
        .insertInto("mayfly_gateways")
        .values({ name: plain(name), ...row })
        .onConflict((conflict) => {
          const named = conflict.column("name");
          if (over === undefined) return named.doNothing();
          return named
            .doUpdateSet(row)
            .where("mayfly_gateways.life", "=", over.life)
            .where("mayfly_gateways.beats", "=", over.beats);
        })
        .returning("name")
        .executeTakeFirst();
      if (claimed === undefined) return false;
      await forgetKilled(db);
      await forgetPlaces(db);
      return true;
    },
    async beat({ name, life }) {
      const beaten = await db
        .updateTable("mayfly_gateways")
        .set((e) => ({ beats: e("beats", "+", 1), seen_at: storeNow }))
        .where("name", "=", plain(name))
        .where("life", "=", life)
        .executeTakeFirst();
      return beaten.numUpdatedRows === 1n;
    },
    async leave({ name, life }) {
      await db
        .deleteFrom("mayfly_gateways")
        .where("name", "=", plain(name))
        .where("life", "=", life)
        .execute();
    },
  };
}

/** Forgets gateways that were killed long ago. Their logs stay known. */
async function forgetKilled(db: Kysely<Tables>): Promise<void> {
  await db
    .deleteFrom("mayfly_gateways")
    .where(sql<boolean>`seen_at < ${storeNow} - ${sql.lit(FORGOTTEN_AFTER_MS)}`)
    .execute();
}
