import { sql, type Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/** What has ended, as far as somebody may want to keep it. */
export interface Ended {
  readonly request: string;
  readonly connection?: unknown;
  readonly principal?: unknown;
}

/** Whether one is to be kept all the same, as holds are at the moment. @throws Error where that cannot be asked: nothing goes then */
export type HeldNow = () => Promise<(about: Ended) => boolean>;

/** How many went. */
export interface Forgotten {
  readonly grants: number;
  readonly requests: number;
}

/** Rows a transaction, so that none holds the store for long. */
const STEP_ROWS = 200;

const aboutOf = (request: string, body: string): Ended => {
  const { requester, connection } = JSON.parse(body) as {
    readonly requester?: unknown;
    readonly connection?: unknown;
  };
  return { request, connection, principal: requester };
};

/** Forgets grants and requests that ended before a time, and the requests' approvals: see Store. */
export async function forgetEnded(db: Kysely<Tables>, before: number, heldNow: HeldNow): Promise<Forgotten> {
  return {
    grants: await forgetGrants(db, before, heldNow),
    requests: await forgetRequests(db, before, heldNow),
  };
}

/** When a request was decided, or came: what came first that is long ago is found by index, not among all that there are. */
const endOfRequest = sql<number>`coalesce(decided_at, created_at)`;

/** Finds what ended first without a look at what ended since. */
export async function addEndedFirst(db: Kysely<unknown>): Promise<void> {
  await sql`create index mayfly_grants_ended on mayfly_grants (ended_at, id)`.execute(db);
  await sql`create index mayfly_requests_ended on mayfly_requests (${endOfRequest}, position)`.execute(db);
}

async function forgetGrants(db: Kysely<Tables>, before: number, heldNow: HeldNow): Promise<number> {
  let gone = 0;
  for (let after = { ended_at: 0, id: "" }, isMore = true; isMore;) {
    const rows = await db
      .selectFrom("mayfly_grants")
      .select(["id", "request", "body"])
      .select(sql<number>`ended_at`.as("ended_at"))
      .where("ended_at", ">=", after.ended_at)
      .where((e) => e.or([e("ended_at", ">", after.ended_at), e("id", ">", after.id)]))
      .where("ended_at", "<", before)
      .where("state", "!=", "active")
      .where((e) =>
        e.not(
          e.exists(
            e
              .selectFrom("mayfly_owed as w")
              .select("w.id")
              .where("w.kind", "=", "grant")
              .whereRef("w.id", "=", "mayfly_grants.id"),
          ),
        ),
      )
      .orderBy("ended_at")
      .orderBy("id")
      .limit(STEP_ROWS)
      .execute();
    isMore = rows.length === STEP_ROWS;
    after = rows.at(-1) ?? after;
    if (rows.length === 0) break;
    const isHeld = await heldNow();
    const ids = rows.filter(({ request, body }) => !isHeld(aboutOf(request, body))).map(({ id }) => id);
    if (ids.length === 0) continue;
    const deleted = await db
      .deleteFrom("mayfly_grants")
      .where("id", "in", ids)
      .where("state", "!=", "active")
      .executeTakeFirst();
    gone += Number(deleted.numDeletedRows);
  }
  return gone;
}

async function forgetRequests(db: Kysely<Tables>, before: number, heldNow: HeldNow): Promise<number> {
  let gone = 0;
  for (let after = { ended: 0, position: -1 }, isMore = true; isMore;) {
    const rows = await db
      .selectFrom("mayfly_requests")
      .select(["id", "position", "body"])
      .select(endOfRequest.as("ended"))
      .where(endOfRequest, ">=", after.ended)
      .where((e) => e.or([e(endOfRequest, ">", after.ended), e("position", ">", after.position)]))
      .where(endOfRequest, "<", before)
      .where("state", "!=", "pending")
      // A request outlives its grant's end: it goes after the grant went.
      .where((e) =>
        e.not(
          e.or([
            e.exists(
              e
                .selectFrom("mayfly_grants as g")
                .select("g.id")
                .whereRef("g.request", "=", "mayfly_requests.id"),
            ),
            e.exists(
              e
                .selectFrom("mayfly_owed as w")
                .select("w.id")
                .where("w.kind", "=", "request")
                .whereRef("w.id", "=", "mayfly_requests.id"),
            ),
          ]),
        ),
      )
      .orderBy(endOfRequest)
      .orderBy("position")
      .limit(STEP_ROWS)
      .execute();
    isMore = rows.length === STEP_ROWS;
    after = rows.at(-1) ?? after;
    if (rows.length === 0) break;
    const isHeld = await heldNow();
    const ids = rows.filter(({ id, body }) => !isHeld(aboutOf(id, body))).map(({ id }) => id);
    if (ids.length === 0) continue;
    gone += await db.transaction().execute(async (on) => {
      await on.deleteFrom("mayfly_approvals").where("request", "in", ids).execute();
      await on.deleteFrom("mayfly_reviews").where("request", "in", ids).execute();
      const deleted = await on.deleteFrom("mayfly_requests").where("id", "in", ids).executeTakeFirst();
      return Number(deleted.numDeletedRows);
    });
  }
  return gone;
}
