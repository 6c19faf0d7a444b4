import { type Kysely } from "kysely";
import type { CutOffStore, KeptCutOff } from "../identity/signals/cut-offs.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** The time up to which nothing issued to somebody is accepted. */
export interface CutOffTables {
  readonly mayfly_cut_offs: {
    readonly issuer: string;
    readonly name: string;
    /** The client that it is limited to; empty for none. */
    readonly through: string;
    readonly uid: string | null;
    readonly login: string | null;
    readonly at: number;
    readonly reason: string;
    readonly kept_at: number;
  };
}

export async function addCutOffs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_cut_offs")
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("through", "text", (c) => c.notNull())
    .addColumn("uid", "text")
    .addColumn("login", "text")
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("kept_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_cut_offs_key", ["issuer", "name", "through"])
    .execute();
  await db.schema.createIndex("mayfly_cut_offs_kept").on("mayfly_cut_offs").column("kept_at").execute();
}

export function cutOffStore(db: Kysely<Tables>): CutOffStore {
  return {
    async keep(cuts) {
      const rows = cuts.map(({ issuer, name, through, uid, login, at, reason, keptAt }) => ({
        issuer: plain(issuer),
        name: plain(name),
        through: through === undefined ? "" : plain(through),
        uid: uid === undefined ? null : plain(uid),
        login: login === undefined ? null : plain(login),
        at,
        reason: plain(reason),
        kept_at: keptAt,
      }));
      if (rows.length === 0) return;
      await db
        .insertInto("mayfly_cut_offs")
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(["issuer", "name", "through"])
            .doUpdateSet((row) => ({
              uid: row.ref("excluded.uid"),
              login: row.ref("excluded.login"),
              at: row.ref("excluded.at"),
              reason: row.ref("excluded.reason"),
              kept_at: row.ref("excluded.kept_at"),
            }))
            .where((row) => row("mayfly_cut_offs.at", "<", row.ref("excluded.at"))),
        )
        .execute();
    },
    async since(keptAt, limit) {
      const rows = await db
        .selectFrom("mayfly_cut_offs")
        .selectAll()
        .where("kept_at", ">=", keptAt)
        .orderBy("kept_at", "desc")
        .limit(limit)
        .execute();
      return rows.toReversed().map((row): KeptCutOff => ({
        issuer: row.issuer,
        name: row.name,
        ...(row.through === "" ? {} : { through: row.through }),
        ...(row.uid === null ? {} : { uid: row.uid }),
        ...(row.login === null ? {} : { login: row.login }),
        at: row.at,
        reason: row.reason,
        keptAt: row.kept_at,
      }));
    },
    async forget(before) {
      await db.deleteFrom("mayfly_cut_offs").where("at", "<", before).execute();
    },
  };
}
