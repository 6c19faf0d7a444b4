import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The index of records by log. What was indexed before is indexed again from the files. */
export function byLog(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.dropTable("mayfly_records").execute();
      await db.schema
        .createTable("mayfly_records")
        .addColumn("log", "text", (c) => c.notNull())
        .addColumn("seq", kind === "sqlite" ? "integer" : "bigint", (c) => c.notNull())
        .addColumn("time", "bigint", (c) => c.notNull())
        .addColumn("type", "text", (c) => c.notNull())
        .addColumn("principal", "text", (c) => c.notNull())
        .addColumn("connection", "text")
        .addColumn("request", "text")
        .addColumn("grant_id", "text")
        .addColumn("session", "text")
        .addColumn("decision", "text")
        .addColumn("body", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("mayfly_records_key", ["log", "seq"])
        .execute();
      for (const column of ["time", "request", "grant_id", "session"] as const) {
        await db.schema
          .createIndex(`mayfly_records_${column}`)
          .on("mayfly_records")
          .columns(["log", column, "seq"])
          .execute();
      }
    },
  };
}

/**
 * Acts by the number of their session's opening record, which says for them what they share. What was indexed before is
 * indexed again from the files.
 */
export function byOpening(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.dropTable("mayfly_records").execute();
      await sql`delete from mayfly_usage`.execute(db);
      await db.schema
        .createTable("mayfly_records")
        .addColumn("log", "text", (c) => c.notNull())
        .addColumn("seq", kind === "sqlite" ? "integer" : "bigint", (c) => c.notNull())
        .addColumn("time", "bigint", (c) => c.notNull())
        .addColumn("type", "text", (c) => c.notNull())
        .addColumn("opening", "bigint")
        .addColumn("principal", "text")
        .addColumn("connection", "text")
        .addColumn("request", "text")
        .addColumn("grant_id", "text")
        .addColumn("session", "text")
        .addColumn("decision", "text")
        .addColumn("operations", "text")
        .addColumn("shared", "text")
        .addColumn("body", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("mayfly_records_key", ["log", "seq"])
        .execute();
      await db.schema
        .createIndex("mayfly_records_time")
        .on("mayfly_records")
        .columns(["log", "time", "seq"])
        .execute();
      // A log holds acts mostly: whoever looks for anything else must not walk past them.
      await db.schema
        .createIndex("mayfly_records_others")
        .on("mayfly_records")
        .columns(["log", "seq"])
        .where(sql.ref("opening"), "is", null)
        .execute();
      // An act stands in the index of openings alone, and all other records in those of what they say themselves.
      for (const column of ["opening", "request", "grant_id", "session"] as const) {
        await db.schema
          .createIndex(`mayfly_records_${column}`)
          .on("mayfly_records")
          .columns(["log", column, "seq"])
          .where(sql.ref(column), "is not", null)
          .execute();
      }
    },
  };
}
