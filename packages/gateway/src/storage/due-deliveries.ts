import type { Kysely } from "kysely";
import type { Delivery } from "../notifications/store.ts";
import type { Tables } from "./schema.ts";

type DeliveryRow = Tables["mayfly_deliveries"];

export function deliveryFrom(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    log: row.log,
    webhook: row.webhook,
    seq: row.seq,
    type: row.type,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.next_at === null ? {} : { nextAt: row.next_at }),
    ...(row.delivered_at === null ? {} : { deliveredAt: row.delivered_at }),
  };
}

export const pendingOf = (db: Kysely<Tables>, log: string, webhook: string) =>
  db
    .selectFrom("mayfly_deliveries")
    .where("log", "=", log)
    .where("webhook", "=", webhook)
    .where("state", "=", "pending");

/**
 * Those that are due: the principals take turns, so that many of one hold up nobody's. Records for which no delivery is made
 * yet, as beyond the most pending ones, take no turns.
 */
export async function dueDeliveries(
  db: Kysely<Tables>,
  of: { readonly log: string; readonly webhook: string; readonly now: number; readonly limit: number },
): Promise<readonly Delivery[]> {
  const due = pendingOf(db, of.log, of.webhook)
    .selectAll()
    .select((e) =>
      e.fn
        .agg<number>("row_number")
        .over((over) => over.partitionBy("principal").orderBy("seq"))
        .as("turn"),
    )
    .where("next_at", "<=", of.now)
    .as("due");
  const rows = await db.selectFrom(due).selectAll().orderBy("turn").orderBy("seq").limit(of.limit).execute();
  return rows.map(deliveryFrom);
}
