import type { Kysely, Transaction } from "kysely";
import type { GrantStore } from "../grants/grants.ts";
import type { GrantModel } from "../grants/states.ts";
import type { Grant } from "../grants/types.ts";
import { MayflyError } from "../kernel/errors.ts";
import { owe } from "./agreement.ts";
import { readLockdown } from "./lockdown-store.ts";
import { requireFewPending } from "./pending-bound.ts";
import type { RequestReads } from "./requests-read.ts";
import { reviewRow } from "./reviews.ts";
import { approvalRow, grantRow, requestRow } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** How requests come to be and go from state to state, and how a grant begins with one. */
export function requestMoves(
  db: Kysely<Tables>,
  kind: "sqlite" | "postgres",
  model: GrantModel,
  { requestByKey }: Pick<RequestReads, "requestByKey">,
): Pick<GrantStore, "createRequest" | "moveRequest" | "escalate" | "addApproval" | "addReview"> {
  const insertGrant = async (on: Transaction<Tables>, grant: Grant): Promise<void> => {
    if (!model.grant.leads("none", grant.state)) throw new TypeError(`no grant begins as ${grant.state}`);
    if ((await readLockdown(on, kind)) !== undefined) {
      throw new MayflyError("locked_down", "Mayfly is locked down", {
        status: 503,
        hint: "an operator has to lift it",
      });
    }
    await on.insertInto("mayfly_grants").values(grantRow(grant, model)).execute();
  };

  return {
    async createRequest(request, idempotency, grant, pending) {
      if (!model.request.leads("none", request.state))
        throw new TypeError(`no request begins as ${request.state}`);
      const row = requestRow(request, model, idempotency);
      const created = await db.transaction().execute(async (on) => {
        if (pending !== undefined) await requireFewPending(on, kind, row.requester, pending);
        const inserted = await on
          .insertInto("mayfly_requests")
          .values(row)
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

    async addReview(request, review) {
      return db.transaction().execute(async (on) => {
        // Holds the request, which is forgotten some day, until the review is in.
        const known = on.selectFrom("mayfly_requests").select("id").where("id", "=", request);
        const row = await (kind === "postgres" ? known.forUpdate() : known).executeTakeFirst();
        if (row === undefined) return false;
        const added = await on
          .insertInto("mayfly_reviews")
          .values(reviewRow(request, review))
          .onConflict((one) => one.columns(["request", "issuer", "subject"]).doNothing())
          .executeTakeFirst();
        return Number(added.numInsertedOrUpdatedRows ?? 0n) === 1;
      });
    },
  };
}
