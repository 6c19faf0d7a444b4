import { sql, type Insertable, type Kysely } from "kysely";
import type { Delivery, NotificationStore, SlackMessage } from "../notifications/store.ts";
import { deliveryFrom, dueDeliveries, pendingOf } from "./due-deliveries.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

type DeliveryRow = Tables["mayfly_deliveries"];
type MessageRow = Tables["mayfly_slack_messages"];

/** Rows an insert: far below what SQLite (32,766) and PostgreSQL (65,535) take as parameters. */
const ROWS_PER_INSERT = 500;

function messageFrom(row: MessageRow): SlackMessage {
  return {
    about: row.about,
    log: row.log,
    channel: row.channel,
    ts: row.ts,
    shown: row.shown,
    isOpen: row.is_open === 1,
    updatedAt: row.updated_at,
  };
}

/** Keeps how far notifications have come, what is on its way, and what Slack shows. */
export function notificationStore(db: Kysely<Tables>): NotificationStore {
  const find = async (id: string): Promise<Delivery | undefined> => {
    const row = await db.selectFrom("mayfly_deliveries").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? undefined : deliveryFrom(row);
  };

  return {
    async cursor({ log, reader }) {
      const row = await db
        .selectFrom("mayfly_cursors")
        .select("next")
        .where("log", "=", log)
        .where("reader", "=", reader)
        .executeTakeFirst();
      return row?.next;
    },

    async advance({ log, reader }, next, deliveries) {
      await db.transaction().execute(async (on) => {
        for (let start = 0; start < deliveries.length; start += ROWS_PER_INSERT) {
          const rows = deliveries
            .slice(start, start + ROWS_PER_INSERT)
            .map((one): Insertable<DeliveryRow> => ({
              id: one.id,
              log: one.log,
              webhook: one.webhook,
              seq: one.seq,
              type: one.type,
              state: "pending",
              attempts: 0,
              last_status: null,
              last_error: null,
              next_at: one.createdAt,
              delivered_at: null,
              created_at: one.createdAt,
              principal: one.principal,
            }));
          await on
            .insertInto("mayfly_deliveries")
            .values(rows)
            .onConflict((conflict) => conflict.columns(["log", "webhook", "seq"]).doNothing())
            .execute();
        }
        await on
          .insertInto("mayfly_cursors")
          .values({ log, reader, next })
          .onConflict((conflict) => conflict.columns(["log", "reader"]).doUpdateSet({ next }))
          .execute();
      });
    },

    async rewind(log, seq) {
      await db.transaction().execute(async (on) => {
        await on
          .updateTable("mayfly_cursors")
          .set({ next: seq })
          .where("log", "=", log)
          .where("next", ">", seq)
          .execute();
        await on.deleteFrom("mayfly_deliveries").where("log", "=", log).where("seq", ">=", seq).execute();
      });
    },

    async forget(log, kept, reason) {
      await db.transaction().execute(async (on) => {
        const readers = kept.length === 0 ? [""] : kept;
        await on
          .deleteFrom("mayfly_cursors")
          .where("log", "=", log)
          .where("reader", "not in", readers)
          .execute();
        await on
          .updateTable("mayfly_deliveries")
          .set({ state: "failed", last_error: reason, next_at: null })
          .where("log", "=", log)
          .where("state", "=", "pending")
          .where(sql<boolean>`'webhook:' || webhook not in (${sql.join([...readers])})`)
          .execute();
      });
    },

    due: (log, webhook, now, limit) => dueDeliveries(db, { log, webhook, now, limit }),

    async nextDue(log, webhook) {
      const row = await pendingOf(db, log, webhook)
        .select((e) => e.fn.min("next_at").as("next"))
        .executeTakeFirst();
      return row?.next ?? undefined;
    },

    async pending(log, webhook) {
      const row = await pendingOf(db, log, webhook)
        .select((e) => e.fn.countAll().as("count"))
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async settle(outcomes) {
      if (outcomes.length === 0) return;
      await db.transaction().execute(async (on) => {
        for (const one of outcomes) {
          await on
            .updateTable("mayfly_deliveries")
            .set({
              state: one.state,
              attempts: one.attempts,
              last_status: one.lastStatus ?? null,
              last_error: one.lastError === undefined ? null : plain(one.lastError),
              next_at: one.nextAt ?? null,
              delivered_at: one.deliveredAt ?? null,
            })
            .where("id", "=", one.id)
            // A replay sets the count back: the attempt that was under way then was of the turn before.
            .where("attempts", "=", one.attempts - 1)
            .execute();
        }
      });
    },

    async replay(id, now) {
      await db
        .updateTable("mayfly_deliveries")
        .set({ state: "pending", attempts: 0, next_at: now, delivered_at: null, created_at: now })
        .where("id", "=", id)
        .execute();
      return find(id);
    },

    delivery: find,

    async deliveries({ state, webhook, limit }) {
      let rows = db.selectFrom("mayfly_deliveries").selectAll();
      if (state !== undefined) rows = rows.where("state", "=", state);
      if (webhook !== undefined) rows = rows.where("webhook", "=", plain(webhook));
      const found = await rows.orderBy("created_at", "desc").orderBy("seq", "desc").limit(limit).execute();
      return found.map(deliveryFrom);
    },

    async prune(log, { pendingSince, reason, before, keep }) {
      await db
        .updateTable("mayfly_deliveries")
        .set({ state: "failed", last_error: reason, next_at: null })
        .where("log", "=", log)
        .where("state", "=", "pending")
        .where("created_at", "<", pendingSince)
        .execute();
      await db
        .deleteFrom("mayfly_deliveries")
        .where("log", "=", log)
        .where("state", "!=", "pending")
        .where("created_at", "<", before)
        .execute();
      const over = db.selectFrom("mayfly_deliveries").where("log", "=", log).where("state", "!=", "pending");
      for (const { webhook } of await over.select("webhook").distinct().execute()) {
        const first = await over
          .select("seq")
          .where("webhook", "=", webhook)
          .orderBy("seq", "desc")
          .offset(keep)
          .limit(1)
          .executeTakeFirst();
        if (first === undefined) continue;
        await db
          .deleteFrom("mayfly_deliveries")
          .where("log", "=", log)
          .where("state", "!=", "pending")
          .where("webhook", "=", webhook)
          .where("seq", "<=", first.seq)
          .execute();
      }
    },

    async slackMessage(about) {
      const row = await db
        .selectFrom("mayfly_slack_messages")
        .selectAll()
        .where("about", "=", about)
        .executeTakeFirst();
      return row === undefined ? undefined : messageFrom(row);
    },

    async openSlackMessages(log, limit) {
      const rows = await db
        .selectFrom("mayfly_slack_messages")
        .selectAll()
        .where("log", "=", log)
        .where("is_open", "=", 1)
        .orderBy("updated_at")
        .limit(limit)
        .execute();
      return rows.map(messageFrom);
    },

    async saveSlackMessage(message) {
      const row = {
        log: message.log,
        channel: plain(message.channel),
        ts: plain(message.ts),
        shown: message.shown,
        is_open: message.isOpen ? (1 as const) : (0 as const),
        updated_at: message.updatedAt,
      };
      await db
        .insertInto("mayfly_slack_messages")
        .values({ about: message.about, ...row })
        .onConflict((conflict) => conflict.column("about").doUpdateSet(row))
        .execute();
    },

    async pruneSlack(before) {
      await db
        .deleteFrom("mayfly_slack_messages")
        .where("is_open", "=", 0)
        .where("updated_at", "<", before)
        .execute();
    },

    async seen(mark, now, forgetBefore) {
      await db.deleteFrom("mayfly_slack_calls").where("seen_at", "<", forgetBefore).execute();
      const added = await db
        .insertInto("mayfly_slack_calls")
        .values({ mark, seen_at: now })
        .onConflict((conflict) => conflict.column("mark").doNothing())
        .executeTakeFirst();
      return Number(added.numInsertedOrUpdatedRows ?? 0n) === 1;
    },
  };
}
