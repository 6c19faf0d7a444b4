import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of sign-in. Times are milliseconds since the epoch; every secret is there as its SHA-256 alone. */
export interface SignInTables {
  /** Sign-ins under way. */
  readonly mayfly_sign_ins: {
    readonly digest: string;
    readonly expires_at: number;
    readonly began_at: number;
    readonly body: string;
  };
  readonly mayfly_browser_sessions: {
    readonly id: string;
    readonly digest: string;
    readonly issuer: string;
    readonly login: string;
    /** The login as persons are compared. */
    readonly person: string;
    readonly provider_subject: string;
    readonly provider_session: string | null;
    readonly rules: string;
    readonly groups: string;
    readonly groups_as_of: number;
    readonly signed_in_at: number;
    readonly last_seen_at: number;
    readonly ends_at: number;
    readonly body: string;
  };
  /** What may be used once: assertion ids, logout tokens. */
  readonly mayfly_used_once: { readonly kind: string; readonly id: string; readonly until: number };
}

/** Lets sessions be found by their person, whatever way they came. Sessions from before sign in again. */
export const personOfSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`delete from mayfly_browser_sessions`.execute(db);
    await db.schema
      .alterTable("mayfly_browser_sessions")
      .addColumn("person", "text", (c) => c.notNull().defaultTo(""))
      .execute();
    await db.schema.dropIndex("mayfly_browser_sessions_login").execute();
    await db.schema
      .createIndex("mayfly_browser_sessions_person")
      .on("mayfly_browser_sessions")
      .column("person")
      .execute();
  },
};

/** Makes the tables of sign-in. */
export function signInTables(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("mayfly_sign_ins")
        .addColumn("digest", "text", (c) => c.primaryKey().notNull())
        .addColumn("began_at", "bigint", (c) => c.notNull())
        .addColumn("expires_at", "bigint", (c) => c.notNull())
        .addColumn("body", "text", (c) => c.notNull())
        .execute();
      await db.schema
        .createIndex("mayfly_sign_ins_expiry")
        .on("mayfly_sign_ins")
        .column("expires_at")
        .execute();
      await db.schema
        .createTable("mayfly_browser_sessions")
        .addColumn("id", "text", (c) => c.primaryKey().notNull())
        .addColumn("digest", "text", (c) => c.notNull().unique())
        .addColumn("issuer", "text", (c) => c.notNull())
        .addColumn("login", "text", (c) => c.notNull())
        .addColumn("provider_subject", "text", (c) => c.notNull())
        .addColumn("provider_session", "text")
        .addColumn("rules", "text", (c) => c.notNull())
        .addColumn("groups", "text", (c) => c.notNull())
        .addColumn("groups_as_of", "bigint", (c) => c.notNull())
        .addColumn("signed_in_at", "bigint", (c) => c.notNull())
        .addColumn("last_seen_at", "bigint", (c) => c.notNull())
        .addColumn("ends_at", "bigint", (c) => c.notNull())
        .addColumn("body", "text", (c) => c.notNull())
        .execute();
      for (const column of ["login", "provider_subject", "provider_session"] as const) {
        await db.schema
          .createIndex(`mayfly_browser_sessions_${column}`)
          .on("mayfly_browser_sessions")
          .column(column)
          .execute();
      }
      await db.schema
        .createTable("mayfly_used_once")
        .addColumn("kind", "text", (c) => c.notNull())
        .addColumn("id", "text", (c) => c.notNull())
        .addColumn("until", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("mayfly_used_once_key", ["kind", "id"])
        .execute();
      await db.schema.createIndex("mayfly_used_once_until").on("mayfly_used_once").column("until").execute();
    },
  };
}
