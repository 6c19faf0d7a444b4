import { sql, type Transaction } from "kysely";
import type { PendingBound } from "../grants/requests/pending-bound.ts";
import type { Tables } from "./schema.ts";

/** Names Mayfly's advisory locks on requesters among all others: "pend" in ASCII. */
const LOCK_SPACE = 0x70656e64;

/**
 * Refuses a request that would wait beside more than may: in its transaction, so that it holds over all gateways.
 * @param requester as its rows name them
 * @throws what `bound.refusal` makes
 */
export async function requireFewPending(
  on: Transaction<Tables>,
  kind: "sqlite" | "postgres",
  requester: string,
  bound: PendingBound,
): Promise<void> {
  // SQLite has one writer.
  if (kind === "postgres")
    await sql`select pg_advisory_xact_lock(${LOCK_SPACE}, hashtext(${requester}))`.execute(on);
  const { waiting } = await on
    .selectFrom("mayfly_requests")
    .select((e) => e.fn.countAll<number | string>().as("waiting"))
    .where("requester", "=", requester)
    .where("state", "=", "pending")
    // One that has timed out, but is not stored as such yet, does not count.
    .where((e) => e.or([e("waits_until", "is", null), e("waits_until", ">", bound.at)]))
    .executeTakeFirstOrThrow();
  if (Number(waiting) >= bound.max) throw bound.refusal();
}
