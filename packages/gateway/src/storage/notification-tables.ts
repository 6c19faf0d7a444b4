import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of notifications. Times are milliseconds since the epoch. */
export interface NotificationTables {
  readonly mayfly_cursors: { readonly log: string; readonly reader: string; readonly next: number };
  readonly mayfly_deliveries: {
    readonly id: string;
    readonly log: string;
    readonly webhook: string;
    readonly seq: number;
    readonly type: string;
    readonly state: "pending" | "delivered" | "failed";
    readonly attempts: number;
    readonly last_status: number | null;
    readonly last_error: string | null;
    readonly next_at: number | null;
    readonly delivered_at: number | null;
    readonly created_at: number;
    /** Whose record it is. */
    readonly principal: string;
  };
  readonly mayfly_slack_messages: {
    readonly about: string;
    readonly log: string;
    readonly channel: string;
    readonly ts: string;
    readonly shown: string;
    readonly is_open: 0 | 1;
    readonly updated_at: number;
  };
  /** Calls from Slack that were taken, by the digest of their signature. */
  readonly mayfly_slack_calls: { readonly mark: string; readonly seen_at: number };
}

/** What was pending before is nobody's, and has one turn together. */
export async function addDeliveryPrincipals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("mayfly_deliveries")
    .addColumn("principal", "text", (c) => c.notNull().defaultTo(""))
    .execute();
}

/** Makes them. */
export const notificationTables: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("mayfly_cursors")
      .addColumn("log", "text", (c) => c.notNull())
      .addColumn("reader", "text", (c) => c.notNull())
      .addColumn("next", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("mayfly_cursors_key", ["log", "reader"])
      .execute();
    await db.schema
      .createTable("mayfly_deliveries")
      .addColumn("id", "text", (c) => c.primaryKey().notNull())
      .addColumn("log", "text", (c) => c.notNull())
      .addColumn("webhook", "text", (c) => c.notNull())
      .addColumn("seq", "bigint", (c) => c.notNull())
      .addColumn("type", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull().check(sql`state in ('pending', 'delivered', 'failed')`))
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("last_status", "integer")
      .addColumn("last_error", "text")
      .addColumn("next_at", "bigint")
      .addColumn("delivered_at", "bigint")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      // One record is one delivery to one webhook, however often it is read again.
      .addUniqueConstraint("mayfly_deliveries_once", ["log", "webhook", "seq"])
      .addCheckConstraint("mayfly_deliveries_turn", sql`(state = 'pending') = (next_at is not null)`)
      .execute();
    await db.schema
      .createIndex("mayfly_deliveries_due")
      .on("mayfly_deliveries")
      .columns(["log", "webhook", "state", "next_at"])
      .execute();
    await db.schema
      .createIndex("mayfly_deliveries_newest")
      .on("mayfly_deliveries")
      .columns(["created_at", "seq"])
      .execute();
    await db.schema
      .createTable("mayfly_slack_messages")
      .addColumn("about", "text", (c) => c.primaryKey().notNull())
      .addColumn("log", "text", (c) => c.notNull())
      .addColumn("channel", "text", (c) => c.notNull())
      .addColumn("ts", "text", (c) => c.notNull())
      .addColumn("shown", "text", (c) => c.notNull())
      .addColumn("is_open", "integer", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex("mayfly_slack_messages_open")
      .on("mayfly_slack_messages")
      .columns(["is_open", "log", "updated_at"])
      .execute();
    await db.schema
      .createTable("mayfly_slack_calls")
      .addColumn("mark", "text", (c) => c.primaryKey().notNull())
      .addColumn("seen_at", "bigint", (c) => c.notNull())
      .execute();
  },
};
