import type { Insertable, Selectable } from "kysely";
import type { GrantModel } from "../grants/states.ts";
import type { AccessRequest, Approval, Grant, Review, Sheet } from "../grants/types.ts";
import type { Tables } from "./schema.ts";

/** PostgreSQL's text cannot hold NUL (JSON text escapes it; plain columns do not). */
export function plain(text: string): string {
  return text.replaceAll("\0", "\u{FFFD}");
}

/** A request as a row; what can change has columns of its own, the rest is one JSON text. */
export function requestRow(
  request: AccessRequest,
  model: GrantModel,
  idempotency: { readonly requester: string; readonly key: string; readonly fingerprint: string } | undefined,
): Insertable<Tables["mayfly_requests"]> {
  const { id, state, approvals: _, reviews: __, reasons, escalatedAt, decidedAt, grant, ...facts } = request;
  return {
    id,
    state,
    requester: plain(model.requesterKey(request.requester)),
    created_at: request.createdAt,
    waits_until: request.waitsUntil ?? null,
    escalated_at: escalatedAt ?? null,
    decided_at: decidedAt ?? null,
    grant_id: grant ?? null,
    idempotency_key: idempotency?.key ?? null,
    fingerprint: idempotency?.fingerprint ?? null,
    reasons: JSON.stringify(reasons),
    body: JSON.stringify(facts),
  };
}

/** A row and the JSON texts of its approvals and reviews as a request. */
export function requestFrom(
  row: Selectable<Tables["mayfly_requests"]>,
  approvals: readonly string[],
  reviews: readonly string[],
): AccessRequest {
  const facts = JSON.parse(row.body) as Omit<
    AccessRequest,
    "id" | "state" | "approvals" | "reviews" | "reasons" | "escalatedAt" | "decidedAt" | "grant" | "sheet"
  > & { readonly sheet?: Sheet };
  return {
    id: row.id,
    state: row.state,
    ...facts,
    // A request of an earlier version has none: its digest does not match, and nobody can approve it.
    sheet: facts.sheet ?? { operations: [], history: [] },
    approvals: approvals.map((text) => JSON.parse(text) as Approval),
    ...(reviews.length === 0 ? {} : { reviews: reviews.map((text) => JSON.parse(text) as Review) }),
    reasons: JSON.parse(row.reasons) as string[],
    ...(row.escalated_at === null ? {} : { escalatedAt: row.escalated_at }),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at }),
    ...(row.grant_id === null ? {} : { grant: row.grant_id }),
  };
}

/** A reviewer's decision as a row. */
export function approvalRow(request: string, approval: Approval): Insertable<Tables["mayfly_approvals"]> {
  return {
    request,
    issuer: plain(approval.reviewer.issuer),
    subject: plain(approval.reviewer.subject),
    decision: approval.decision,
    given_at: approval.at,
    body: JSON.stringify(approval),
  };
}

/** A grant as a row. */
export function grantRow(grant: Grant, model: GrantModel): Insertable<Tables["mayfly_grants"]> {
  const { id, request, state, activatedAt, endsAt, endedAt, endedBy, endReason, verifier, ...facts } = grant;
  return {
    id,
    request,
    requester: plain(model.requesterKey(grant.requester)),
    state,
    activated_at: activatedAt,
    ends_at: endsAt,
    ended_at: endedAt ?? null,
    ended_by: endedBy ?? null,
    end_reason: endReason ?? null,
    verifier: verifier ?? null,
    body: JSON.stringify(facts),
  };
}

/** A row as a grant. */
export function grantFrom(row: Selectable<Tables["mayfly_grants"]>): Grant {
  return {
    id: row.id,
    request: row.request,
    state: row.state,
    activatedAt: row.activated_at,
    endsAt: row.ends_at,
    ...(JSON.parse(row.body) as Pick<Grant, "requester" | "connection" | "operations" | "policies">),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
    ...(row.end_reason === null ? {} : { endReason: row.end_reason }),
    ...(row.verifier === null ? {} : { verifier: row.verifier }),
  };
}
