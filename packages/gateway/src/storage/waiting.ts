import type { Kysely } from "kysely";

/** What waits for people, by when it times out, and since when others may decide it too. */
export async function addWaiting(db: Kysely<unknown>): Promise<void> {
  for (const column of ["waits_until", "escalated_at"]) {
    await db.schema.alterTable("mayfly_requests").addColumn(column, "bigint").execute();
  }
  await db.schema
    .createIndex("mayfly_requests_waits")
    .on("mayfly_requests")
    .columns(["state", "waits_until", "position"])
    .execute();
}
