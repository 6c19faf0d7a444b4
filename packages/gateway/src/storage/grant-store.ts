import { sql, type Kysely, type Transaction } from "kysely";
import type { GrantStore, Lockdown } from "../grants/grants.ts";
import type { GrantModel } from "../grants/states.ts";
import type { AccessRequest, Grant } from "../grants/types.ts";
import { MayflyError } from "../kernel/errors.ts";
import { lockdownId, noteLockdown, owe, owedIds, progressOf, setProgress, settled } from "./agreement.ts";
import { approvalRow, grantFrom, grantRow, requestFrom, requestRow } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** Keeps requests, approvals, grants and the lock-down. Every move is one conditional update: see grants/states.ts. */
export function grantStore(db: Kysely<Tables>, kind: "sqlite" | "postgres", model: GrantModel): GrantStore {
  /** Reads the lock-down; inside a transaction that activates, no lock-down can come between until it ends. */
  const lockdown = async (on: Kysely<Tables>, hold: boolean): Promise<Lockdown | undefined> => {
    const query = on.selectFrom("mayfly_control").select("lockdown").where("id", "=", 1);
    // FOR SHARE makes setLockdown's update wait; SQLite has one writer anyway.
    const row = await (hold && kind === "postgres" ? query.forShare() : query).executeTakeFirstOrThrow();
    return row.lockdown === null ? undefined : (JSON.parse(row.lockdown) as Lockdown);
  };

  const insertGrant = async (on: Transaction<Tables>, grant: Grant): Promise<void> => {
    if (!model.grant.leads("none", grant.state)) throw new TypeError(`no grant begins as ${grant.state}`);
    if ((await lockdown(on, true)) !== undefined) {
      throw new MayflyError("locked_down", "Mayfly is locked down", {
        status: 503,
        hint: "an operator has to lift it",
      });
    }
    await on.insertInto("mayfly_grants").values(grantRow(grant, model)).execute();
  };

  const approvalsOf = async (ids: readonly string[]): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>();
    if (ids.length === 0) return found;
    for (let start = 0; start < ids.length; start += 500) {
      const rows = await db
        .selectFrom("mayfly_approvals")
        .select(["request", "body"])
        .where("request", "in", ids.slice(start, start + 500))
        .orderBy("given_at")
        .orderBy("subject")
        .execute();
      for (const row of rows) found.set(row.request, [...(found.get(row.request) ?? []), row.body]);
    }
    return found;
  };

  const complete = async (rows: Parameters<typeof requestFrom>[0][]): Promise<AccessRequest[]> => {
    const approvals = await approvalsOf(rows.map((row) => row.id));
    return rows.map((row) => requestFrom(row, approvals.get(row.id) ?? []));
  };

  const requestByKey: GrantStore["requestByKey"] = async (requester, key) => {
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
    async createRequest(request, idempotency, grant) {
      if (!model.request.leads("none", request.state))
        throw new TypeError(`no request begins as ${request.state}`);
      const created = await db.transaction().execute(async (on) => {
        const inserted = await on
          .insertInto("mayfly_requests")
          .values(requestRow(request, model, idempotency))
          .onConflict((conflict) => conflict.columns(["requester", "idempotency_key"]).doNothing())
          .executeTakeFirst();
        if (Number(inserted.numInsertedOrUpdatedRows ?? 0n) !== 1) return false;
        if (grant !== undefined) await insertGrant(on, grant);
        return true;
      });
      if (created) return { created };
      const earlier =
        idempotency === undefined ? undefined : await requestByKey(idempotency.requester, idempotency.key);
      if (earlier === undefined) throw new TypeError(`request ${request.id} was not stored`);
      return { created, ...earlier };
    },

    requestByKey,

    async request(id) {
      const rows = await db.selectFrom("mayfly_requests").selectAll().where("id", "=", id).execute();
      return (await complete(rows))[0];
    },

    async requests({ requester, state, before, soonest, limit }) {
      let query = db.selectFrom("mayfly_requests").selectAll();
      if (requester !== undefined) query = query.where("requester", "=", requester);
      if (state !== undefined) query = query.where("state", "=", state);
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

    async moveRequest(id, from, change, grant, owedTo) {
      const { state } = change;
      if (state === undefined || !model.request.leads(from, state)) {
        throw new TypeError(`no request goes from ${from} to ${state}`);
      }
      return db.transaction().execute(async (on) => {
        const moved = await on
          .updateTable("mayfly_requests")
          .set({
            state,
            ...(change.reasons === undefined ? {} : { reasons: JSON.stringify(change.reasons) }),
            ...(change.decidedAt === undefined ? {} : { decided_at: change.decidedAt }),
            ...(change.grant === undefined ? {} : { grant_id: change.grant }),
          })
          .where("id", "=", id)
          .where("state", "=", from)
          .executeTakeFirst();
        if (moved.numUpdatedRows !== 1n) return false;
        if (grant !== undefined) await insertGrant(on, grant);
        await owe(on, owedTo, "request", id);
        return true;
      });
    },

    async escalate(id, at) {
      const marked = await db
        .updateTable("mayfly_requests")
        .set({ escalated_at: at })
        .where("id", "=", id)
        .where("state", "=", "pending")
        .where("escalated_at", "is", null)
        .executeTakeFirst();
      return marked.numUpdatedRows === 1n;
    },

    async addApproval(request, approval) {
      return db.transaction().execute(async (on) => {
        // Holds the request where it is until the approval is in.
        const pending = on
          .selectFrom("mayfly_requests")
          .select("id")
          .where("id", "=", request)
          .where("state", "=", "pending");
        const row = await (kind === "postgres" ? pending.forUpdate() : pending).executeTakeFirst();
        if (row === undefined) return false;
        const added = await on
          .insertInto("mayfly_approvals")
          .values(approvalRow(request, approval))
          .onConflict((conflict) => conflict.columns(["request", "issuer", "subject"]).doNothing())
          .executeTakeFirst();
        return Number(added.numInsertedOrUpdatedRows ?? 0n) === 1;
      });
    },

    async grant(id) {
      const row = await db.selectFrom("mayfly_grants").selectAll().where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : grantFrom(row);
    },

    async grants({ requester, state, before, limit }) {
      let query = db.selectFrom("mayfly_grants").selectAll();
      if (requester !== undefined) query = query.where("requester", "=", requester);
      if (state !== undefined) query = query.where("state", "=", state);
      if (before !== undefined) {
        const last = db.selectFrom("mayfly_grants").where("id", "=", before);
        query = query.where((e) =>
          e.or([
            e("activated_at", "<", last.select("activated_at")),
            e.and([e("activated_at", "=", last.select("activated_at")), e("id", ">", before)]),
          ]),
        );
      }
      const rows = await query.orderBy("activated_at", "desc").orderBy("id").limit(limit).execute();
      return rows.map(grantFrom);
    },

    async endGrant(id, change, owedTo) {
      if (!model.grant.leads("active", change.state)) throw new TypeError(`no grant ends as ${change.state}`);
      const endOn = async (on: Kysely<Tables>): Promise<boolean> => {
        const ended = await on
          .updateTable("mayfly_grants")
          .set({
            state: change.state,
            ended_at: change.endedAt,
            ended_by: change.endedBy,
            end_reason: change.endReason,
          })
          .where("id", "=", id)
          .where("state", "=", "active")
          .executeTakeFirst();
        if (ended.numUpdatedRows !== 1n) return false;
        await owe(on, owedTo, "grant", id);
        return true;
      };
      return owedTo === undefined ? endOn(db) : db.transaction().execute(endOn);
    },

    async setVerifier(grant, verifier) {
      const set = await db
        .updateTable("mayfly_grants")
        .set({ verifier })
        .where("id", "=", grant)
        .where("state", "=", "active")
        .where("verifier", "is", null)
        .executeTakeFirst();
      return set.numUpdatedRows === 1n;
    },

    lockdown: () => lockdown(db, false),

    async setLockdown(value, owedTo) {
      await db.transaction().execute(async (on) => {
        await on
          .updateTable("mayfly_control")
          .set({ lockdown: value === undefined ? null : JSON.stringify(value) })
          .where("id", "=", 1)
          .executeTakeFirstOrThrow();
        if (value === undefined || !(await noteLockdown(on, value))) return;
        await owe(on, owedTo, "lockdown", lockdownId(value));
      });
    },

    async knowsLockdown({ since, by }) {
      const row = await db
        .selectFrom("mayfly_lockdowns")
        .select("since")
        .where("since", "=", since)
        .where("started_by", "=", by)
        .executeTakeFirst();
      return row !== undefined;
    },

    async owed(log) {
      const ids = await owedIds(db, log);
      const rowsOf = async <T>(
        from: readonly string[],
        take: (part: readonly string[]) => Promise<readonly T[]>,
      ): Promise<T[]> => {
        const found: T[] = [];
        for (let at = 0; at < from.length; at += 500) found.push(...(await take(from.slice(at, at + 500))));
        return found;
      };
      const requests = await rowsOf(ids.request, (part) =>
        db.selectFrom("mayfly_requests").selectAll().where("id", "in", part).execute(),
      );
      const grants = await rowsOf(ids.grant, (part) =>
        db.selectFrom("mayfly_grants").selectAll().where("id", "in", part).execute(),
      );
      const known =
        ids.lockdown.length === 0 ? [] : await db.selectFrom("mayfly_lockdowns").select("body").execute();
      return {
        requests: await complete(requests),
        grants: grants.map(grantFrom),
        lockdowns: known
          .map(({ body }) => JSON.parse(body) as Lockdown)
          .filter((one) => ids.lockdown.includes(lockdownId(one))),
      };
    },

    async recorded(log, what) {
      if ("lockdown" in what) await settled(db, log, "lockdown", lockdownId(what.lockdown));
      else if ("grant" in what) await settled(db, log, "grant", what.grant);
      else await settled(db, log, "request", what.request);
    },

    progress: (log) => progressOf(db, log),
    setProgress: (log, progress) => setProgress(db, kind, log, progress),
  };
}
