import type * as z from "zod";
import type { AccessRequest, Grant, Requester } from "../grants/types.ts";
import type { Principal } from "../identity/principal.ts";
import type { ApprovalRule } from "../policy/types.ts";
import { type approvalRuleSchema, type grantSchema, type requestSchema, timeOf } from "./schemas.ts";
import type { Access, ApiServices } from "./services.ts";

/** Whether a request or grant is this principal's own: kind, issuer, subject and client, never names. */
export function isOwn(requester: Requester, principal: Principal): boolean {
  return (
    requester.kind === principal.kind &&
    requester.issuer === principal.issuer &&
    requester.subject === principal.subject &&
    requester.client === principal.client
  );
}

/** An approval rule as the API shows it. */
export function approvalRuleView(rule: ApprovalRule): z.input<typeof approvalRuleSchema> {
  return { by: [...rule.by], count: rule.count, within_seconds: rule.within / 1000 };
}

function requesterView(requester: Requester): z.input<typeof requestSchema>["requester"] {
  return { ...requester, groups: [...requester.groups], actors: [...requester.actors] };
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
    ...(grant.endedAt === undefined ? {} : { ended_at: timeOf(grant.endedAt) }),
    ...(grant.endedBy === undefined ? {} : { ended_by: grant.endedBy }),
    ...(grant.endReason === undefined ? {} : { end_reason: grant.endReason }),
    ...(access === undefined ? {} : { access }),
  };
}

/** A request as the API shows it, each operation with its scope in words as configured now. */
export function requestView(
  services: ApiServices,
  request: AccessRequest,
  grant?: z.input<typeof grantSchema>,
): z.input<typeof requestSchema> {
  const inventory = services.inventory().get(request.connection);
  return {
    id: request.id,
    state: request.state,
    requester: requesterView(request.requester),
    connection: request.connection,
    operations: request.operations.map((operation) => {
      const entry = inventory?.get(operation);
      const name = `${request.connection}/${operation}`;
      if (entry === undefined) return { name, description: "no longer configured", scope: [] };
      return { name, description: entry.description, risk: entry.risk, scope: [...entry.scope] };
    }),
    reason: request.reason,
    ttl_seconds: request.ttl / 1000,
    digest: request.digest,
    policies: [...request.policies],
    ...(request.approval === undefined ? {} : { approval: approvalRuleView(request.approval) }),
    approvals: request.approvals.map(({ id, reviewer, decision, comment, at }) => ({
      id,
      reviewer: { ...reviewer },
      decision,
      comment,
      at: timeOf(at),
    })),
    reasons: [...request.reasons],
    created_at: timeOf(request.createdAt),
    ...(request.waitsUntil === undefined ? {} : { waits_until: timeOf(request.waitsUntil) }),
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
    return requestView(services, request);
  const grant = await services.grants.grant(principal, request.grant);
  const access = grant.state === "active" ? services.access(grant) : undefined;
  return requestView(services, request, grantView(grant, access));
}
