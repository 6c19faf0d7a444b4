import type { Kysely } from "kysely";
import type { GrantStore, Lockdown } from "../grants/grants.ts";
import type { GrantModel } from "../grants/states.ts";
import type { Grant } from "../grants/types.ts";
import { lockdownId, owe, owedIds, progressOf, setProgress, settleDebts } from "./agreement.ts";
import { lockdownStore } from "./lockdown-store.ts";
import { renewals, tellRenewals } from "./renewals.ts";
import { requestMoves } from "./requests-moved.ts";
import { MAX_IDS, requestReads, type RequestReads } from "./requests-read.ts";
import { grantFrom } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** Keeps requests, approvals, grants and the lock-down. Every move is one conditional update: see grants/states.ts. */
export function grantStore(db: Kysely<Tables>, kind: "sqlite" | "postgres", model: GrantModel): GrantStore {
  const reads = requestReads(db, kind);
  const { request, requests, requestByKey } = reads;
  return {
    request,
    requests,
    requestByKey,
    ...requestMoves(db, kind, model, reads),
    ...grantsOf(db, model),
    ...lockdownStore(db),
    ...debtsOf(db, reads),
    tellRenewals: (said) => tellRenewals(db, said),
    renewals: () => renewals(db),
    progress: (log) => progressOf(db, log),
    setProgress: (log, progress) => setProgress(db, kind, log, progress),
  };
}

/** Grants once they have begun. */
function grantsOf(
  db: Kysely<Tables>,
  model: GrantModel,
): Pick<GrantStore, "grant" | "grants" | "endGrant" | "setVerifier"> {
  return {
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
  };
}

/** What the logs are still owed: changes that the store has and a log may not. */
function debtsOf(db: Kysely<Tables>, reads: RequestReads): Pick<GrantStore, "owed" | "recorded"> {
  return {
    async owed(log) {
      const ids = await owedIds(db, log);
      const grants: Grant[] = [];
      for (let at = 0; at < ids.grant.length; at += MAX_IDS) {
        const part = ids.grant.slice(at, at + MAX_IDS);
        const rows = await db.selectFrom("mayfly_grants").selectAll().where("id", "in", part).execute();
        grants.push(...rows.map(grantFrom));
      }
      const known =
        ids.lockdown.length === 0 ? [] : await db.selectFrom("mayfly_lockdowns").select("body").execute();
      return {
        requests: await reads.requestsOf(ids.request),
        grants,
        lockdowns: known
          .map(({ body }) => JSON.parse(body) as Lockdown)
          .filter((one) => ids.lockdown.includes(lockdownId(one))),
      };
    },

    async recorded(log, what) {
      if ("lockdown" in what) await settleDebts(db, log, "lockdown", lockdownId(what.lockdown));
      else if ("grant" in what) await settleDebts(db, log, "grant", what.grant);
      else await settleDebts(db, log, "request", what.request);
    },
  };
}
