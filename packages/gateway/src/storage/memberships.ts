import { type Kysely } from "kysely";
import type { KeptMembership, MembershipStore } from "../identity/memberships/memberships.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** The newest word of the provider on each membership that has changed. */
export interface MembershipTables {
  readonly mayfly_memberships: {
    readonly issuer: string;
    readonly person: string;
    readonly group_name: string;
    readonly is_member: number;
    readonly at: number;
    readonly kept_at: number;
  };
}

export async function addMemberships(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_memberships")
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("person", "text", (c) => c.notNull())
    .addColumn("group_name", "text", (c) => c.notNull())
    .addColumn("is_member", "integer", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("kept_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_memberships_key", ["issuer", "person", "group_name"])
    .execute();
  await db.schema.createIndex("mayfly_memberships_kept").on("mayfly_memberships").column("kept_at").execute();
}

export function membershipStore(db: Kysely<Tables>): MembershipStore {
  return {
    async keep(words) {
      const rows = words.map(({ issuer, person, group, isMember, at, keptAt }) => ({
        issuer: plain(issuer),
        person: plain(person),
        group_name: plain(group),
        is_member: isMember ? 1 : 0,
        at,
        kept_at: keptAt,
      }));
      if (rows.length === 0) return;
      await db
        .insertInto("mayfly_memberships")
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(["issuer", "person", "group_name"])
            .doUpdateSet((row) => ({
              is_member: row.ref("excluded.is_member"),
              at: row.ref("excluded.at"),
              kept_at: row.ref("excluded.kept_at"),
            }))
            // Of two words of one moment the one that takes away counts.
            .where((row) =>
              row.or([
                row("mayfly_memberships.at", "<", row.ref("excluded.at")),
                row.and([
                  row("mayfly_memberships.at", "=", row.ref("excluded.at")),
                  row("excluded.is_member", "=", 0),
                ]),
              ]),
            ),
        )
        .execute();
    },
    async since(keptAt, limit) {
      const rows = await db
        .selectFrom("mayfly_memberships")
        .selectAll()
        .where("kept_at", ">=", keptAt)
        .orderBy("kept_at", "desc")
        .limit(limit)
        .execute();
      return rows.toReversed().map((row): KeptMembership => ({
        issuer: row.issuer,
        person: row.person,
        group: row.group_name,
        isMember: row.is_member === 1,
        at: row.at,
        keptAt: row.kept_at,
      }));
    },
    async forget(before) {
      await db.deleteFrom("mayfly_memberships").where("at", "<", before).execute();
    },
  };
}
