import { sql, type Kysely } from "kysely";
import type { GrantStore } from "../grants/grants.ts";
import type { AccessRequest } from "../grants/types.ts";
import { requestFrom } from "./rows.ts";
import { areEmergencies, BREAK_GLASS_MARK } from "./emergencies.ts";
import type { Tables } from "./schema.ts";

type RequestRow = Parameters<typeof requestFrom>[0];

/** How many ids one query names: below the number of parameters that any database takes. */
export const MAX_IDS = 500;

/** How requests are read, each with its approvals. */
export interface RequestReads extends Pick<GrantStore, "request" | "requests" | "requestByKey"> {
  /** Those of these ids, in no order. */
  requestsOf(ids: readonly string[]): Promise<readonly AccessRequest[]>;
}

export function requestReads(db: Kysely<Tables>, kind: "sqlite" | "postgres"): RequestReads {
  const saidOf = async (
    table: "mayfly_approvals" | "mayfly_reviews",
    ids: readonly string[],
  ): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>();
    if (ids.length === 0) return found;
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      const rows = await db
        .selectFrom(table)
        .select(["request", "body"])
        .where("request", "in", ids.slice(start, start + MAX_IDS))
        .orderBy("given_at")
        .orderBy("subject")
        .execute();
      for (const row of rows) found.set(row.request, [...(found.get(row.request) ?? []), row.body]);
    }
    return found;
  };

  const complete = async (rows: readonly RequestRow[]): Promise<AccessRequest[]> => {
    const approvals = await saidOf(
      "mayfly_approvals",
      rows.map(({ id }) => id),
    );
    // What was no emergency has no reviews: most lists ask for none.
    const reviews = await saidOf(
      "mayfly_reviews",
      rows.filter(({ body }) => body.includes(BREAK_GLASS_MARK)).map(({ id }) => id),
    );
    return rows.map((row) => requestFrom(row, approvals.get(row.id) ?? [], reviews.get(row.id) ?? []));
  };

  const requestByKey: RequestReads["requestByKey"] = async (requester, key) => {
    const row = await db
      .selectFrom("mayfly_requests")
      .selectAll()
      .where("requester", "=", requester)
      .where("idempotency_key", "=", key)
      .executeTakeFirst();
    const [earlier] = row === undefined ? [] : await complete([row]);
    return row === undefined || earlier === undefined
      ? undefined
      : { earlier, fingerprint: row.fingerprint ?? "" };
  };

  return {
    requestByKey,

    async request(id) {
      const rows = await db.selectFrom("mayfly_requests").selectAll().where("id", "=", id).execute();
      return (await complete(rows))[0];
    },

    async requests({ requester, state, decided, emergencies, before, soonest, limit }) {
      let query = db.selectFrom("mayfly_requests").selectAll();
      if (requester !== undefined) query = query.where("requester", "=", requester);
      if (state !== undefined) query = query.where("state", "=", state);
      if (decided === true)
        query = query.where((e) =>
          e.exists(
            e
              .selectFrom("mayfly_approvals")
              .select("subject")
              .whereRef("mayfly_approvals.request", "=", "mayfly_requests.id"),
          ),
        );
      if (emergencies !== undefined) query = query.where(areEmergencies(kind, emergencies));
      if (before !== undefined) {
        // Compared as rows, so that the index finds where a page begins.
        query =
          soonest === true
            ? query.where(
                sql<boolean>`(waits_until, position) > (select waits_until, position from mayfly_requests where id = ${before})`,
              )
            : query.where("position", "<", (e) =>
                e.selectFrom("mayfly_requests").select("position").where("id", "=", before),
              );
      }
      query =
        soonest === true
          ? query.orderBy("waits_until").orderBy("position")
          : query.orderBy("position", "desc");
      return complete(await query.limit(limit).execute());
    },

    async requestsOf(ids) {
      const rows: RequestRow[] = [];
      for (let at = 0; at < ids.length; at += MAX_IDS) {
        const part = ids.slice(at, at + MAX_IDS);
        rows.push(...(await db.selectFrom("mayfly_requests").selectAll().where("id", "in", part).execute()));
      }
      return complete(rows);
    },
  };
}
