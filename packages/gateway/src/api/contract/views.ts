import type * as z from "zod";
import type { Access } from "../../gate/access.ts";
import { sameHolder } from "../../grants/approvals/people.ts";
import type { AccessRequest, Grant, PastGrant, Requester, ReviewerName } from "../../grants/types.ts";
import type { Principal } from "../../identity/principal.ts";
import type { ApprovalRule } from "../../policy/types.ts";
import { type approvalRuleSchema, type grantSchema, type requestSchema, timeOf } from "./schemas.ts";
import type { ApiServices } from "../services.ts";

/** Whether a request or grant is this principal's own: kind, issuer, subject and client, and the person's id; never names. */
export function isOwn(requester: Requester, principal: Principal): boolean {
  return sameHolder(requester, principal);
}

/** An approval rule as the API shows it. */
export function approvalRuleView(rule: ApprovalRule): z.input<typeof approvalRuleSchema> {
  const { escalate, freshSignIn } = rule;
  return {
    by: [...rule.by],
    count: rule.count,
    within_seconds: rule.within / 1000,
    ...(escalate === undefined
      ? {}
      : { escalate: { after_seconds: escalate.after / 1000, to: [...escalate.to] } }),
    ...(freshSignIn === undefined ? {} : { fresh_sign_in_seconds: freshSignIn / 1000 }),
    refusals: rule.refusals,
  };
}

/** Somebody who asks, as the API shows them. */
export function requesterView(requester: Requester): z.input<typeof requestSchema>["requester"] {
  return { ...requester, groups: [...requester.groups], actors: [...requester.actors] };
}

/** The name to show beside a login, where there is one. */
export function displayNameView({ displayName }: { readonly displayName?: string }): {
  display_name?: string;
} {
  return displayName === undefined ? {} : { display_name: displayName };
}

/** A grant as the API shows it; the verifier stays inside. */
export function grantView(grant: Grant, access?: Access): z.input<typeof grantSchema> {
  return {
    id: grant.id,
    request: grant.request,
    requester: requesterView(grant.requester),
    connection: grant.connection,
    operations: grant.operations.map((operation) => `${grant.connection}/${operation}`),
    policies: [...grant.policies],
    state: grant.state,
    activated_at: timeOf(grant.activatedAt),
    ends_at: timeOf(grant.endsAt),
    ...(grant.lease === undefined ? {} : { lease_seconds: grant.lease / 1000 }),
    ...(grant.sandbox === undefined ? {} : { sandbox: grant.sandbox }),
    ...(grant.endedAt === undefined ? {} : { ended_at: timeOf(grant.endedAt) }),
    ...(grant.endedBy === undefined ? {} : { ended_by: grant.endedBy }),
    ...(grant.endReason === undefined ? {} : { end_reason: grant.endReason }),
    ...(access === undefined ? {} : { access }),
  };
}

/** What was asked for, in the words of the ask; of what was denied, the names alone. */
function operationsView(request: AccessRequest): z.input<typeof requestSchema>["operations"] {
  const asked = new Map(request.sheet.operations.map((operation) => [operation.name, operation]));
  return request.operations.map((operation) => {
    const name = `${request.connection}/${operation}`;
    const entry = asked.get(operation);
    if (entry === undefined) return { name, description: "", scope: [] };
    return { name, description: entry.description, risk: entry.risk, scope: [...entry.scope] };
  });
}

/** A grant and how much was done with it, as the API shows it. */
export function pastGrantView(past: PastGrant): z.input<typeof requestSchema>["history"][number] {
  return {
    grant: past.grant,
    connection: past.connection,
    operations: past.operations.map((name) => `${past.connection}/${name}`),
    activated_at: timeOf(past.activatedAt),
    state: past.state,
    ...(past.acts === undefined ? {} : { acts: past.acts }),
    ...(past.denied === undefined ? {} : { denied: past.denied }),
    ...(past.endReason === undefined ? {} : { end_reason: past.endReason }),
  };
}

function reviewerView(
  reviewer: ReviewerName,
): z.input<typeof requestSchema>["approvals"][number]["reviewer"] {
  const { issuer, subject, name } = reviewer;
  return { issuer, subject, name, ...displayNameView(reviewer) };
}

/** Of an emergency: who reviewed it, and whether the viewer may. Nothing for its requester. */
function reviewsView(
  services: ApiServices,
  viewer: Principal,
  request: AccessRequest,
): Pick<z.input<typeof requestSchema>, "reviews" | "may_review" | "why_not_review"> {
  if (request.breakGlass !== true || isOwn(request.requester, viewer)) return {};
  const whyNot = services.grants.whyNotReview(viewer, request);
  return {
    reviews: (request.reviews ?? []).map(({ id, reviewer, note, at }) => ({
      id,
      reviewer: reviewerView(reviewer),
      note,
      at: timeOf(at),
    })),
    may_review: whyNot === undefined,
    ...(whyNot === undefined ? {} : { why_not_review: whyNot }),
  };
}

/** A request as the API shows it to one viewer; what it asks for is as it was at the ask. */
export function requestView(
  services: ApiServices,
  viewer: Principal,
  request: AccessRequest,
  grant?: z.input<typeof grantSchema>,
): z.input<typeof requestSchema> {
  const whyNot =
    request.state === "pending"
      ? services.grants.whyNot(viewer, request)
      : `it is ${request.state.replace("_", " ")}`;
  return {
    id: request.id,
    state: request.state,
    requester: requesterView(request.requester),
    connection: request.connection,
    operations: operationsView(request),
    reason: request.reason,
    ttl_seconds: request.ttl / 1000,
    ...(request.lease === undefined ? {} : { lease_seconds: request.lease / 1000 }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    ...(request.paths === undefined ? {} : { paths_closed_at: timeOf(request.paths.closedAt) }),
    break_glass: request.breakGlass === true,
    history: request.sheet.history.map(pastGrantView),
    digest: request.digest,
    policies: [...request.policies],
    ...(request.approval === undefined ? {} : { approval: approvalRuleView(request.approval) }),
    approvals: request.approvals.map(({ id, reviewer, decision, comment, allowed, at }) => ({
      id,
      reviewer: reviewerView(reviewer),
      decision,
      comment,
      ...(allowed === undefined
        ? {}
        : {
            allowed: {
              operations: allowed.operations.map((name) => `${request.connection}/${name}`),
              ttl_seconds: allowed.ttl / 1000,
            },
          }),
      at: timeOf(at),
    })),
    ...reviewsView(services, viewer, request),
    reasons: [...request.reasons],
    created_at: timeOf(request.createdAt),
    ...(request.waitsUntil === undefined ? {} : { waits_until: timeOf(request.waitsUntil) }),
    ...(request.escalatedAt === undefined ? {} : { escalated_at: timeOf(request.escalatedAt) }),
    may_decide: whyNot === undefined,
    ...(whyNot === undefined ? {} : { why_not: whyNot }),
    ...(request.decidedAt === undefined ? {} : { decided_at: timeOf(request.decidedAt) }),
    ...(request.grant === undefined ? {} : { grant_id: request.grant }),
    ...(grant === undefined ? {} : { grant }),
  };
}

/** A request with its grant and, while that is active, the ways in: for the requester alone. */
export async function ownRequestView(
  services: ApiServices,
  principal: Principal,
  request: AccessRequest,
): Promise<z.input<typeof requestSchema>> {
  if (request.grant === undefined || !isOwn(request.requester, principal))
    return requestView(services, principal, request);
  const grant = await services.grants.grant(principal, request.grant);
  const access = grant.state === "active" ? services.access(grant) : undefined;
  return requestView(services, principal, request, grantView(grant, access));
}
