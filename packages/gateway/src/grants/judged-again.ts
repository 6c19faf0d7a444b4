import { digestOf } from "../kernel/canonical.ts";
import type { GrantRules } from "./grants.ts";
import { entryOf, planOf, sameApproval, type Facts } from "./plan.ts";
import type { AccessRequest } from "./types.ts";

/** What an approval is bound to: who, what (to the letter of each scope), why, how long, and by which policies. */
export function digestOfRequest(
  rules: GrantRules,
  request: Pick<
    AccessRequest,
    "id" | "requester" | "connection" | "operations" | "reason" | "ttl" | "policies" | "approval"
  >,
): string {
  const { requester, approval } = request;
  return digestOf({
    id: request.id,
    requester: {
      kind: requester.kind,
      issuer: requester.issuer,
      subject: requester.subject,
      client: requester.client,
      person: requester.person === undefined ? null : [requester.person.issuer, requester.person.subject],
      actors: requester.actors,
    },
    connection: request.connection,
    operations: request.operations.map((name) => [
      name,
      entryOf(rules, request.connection, name)?.digest ?? null,
    ]),
    reason: request.reason,
    ttl: request.ttl,
    policies: request.policies,
    approval:
      approval === undefined ? null : { by: approval.by, count: approval.count, within: approval.within },
  });
}

/** A stored request's facts as these rules see them; undefined when they no longer know the requester. */
function factsOf(rules: GrantRules, request: AccessRequest): Facts | undefined {
  const requester = rules.current === undefined ? request.requester : rules.current(request.requester);
  if (requester === undefined) return undefined;
  return {
    requester,
    connection: request.connection,
    operations: request.operations,
    reason: request.reason,
    ttl: request.ttl,
    clientAddress: request.clientAddress ?? "",
    at: request.createdAt,
  };
}

/**
 * Whether these rules would still let the request's grant be: every operation unchanged and permitted for that long,
 * with no approval asked for that it did not get. Time, reason and address are those of the ask.
 */
export function stillAllowed(rules: GrantRules, request: AccessRequest): boolean {
  const facts = factsOf(rules, request);
  if (facts === undefined || digestOfRequest(rules, request) !== request.digest) return false;
  const plan = planOf(rules, facts);
  if (plan.decision !== "permit") return false;
  return plan.approval === undefined || sameApproval(plan.approval, request.approval);
}

/** Whether a reviewer who reads the request now would be asked for exactly what was asked then. */
export function sameAsked(rules: GrantRules, request: AccessRequest): boolean {
  const facts = factsOf(rules, request);
  if (facts === undefined) return false;
  const plan = planOf(rules, facts);
  if (plan.decision !== "permit") return false;
  const { approval: _, ...rest } = request;
  const again = {
    ...rest,
    policies: plan.policies,
    ...(plan.approval === undefined ? {} : { approval: plan.approval }),
  };
  return digestOfRequest(rules, again) === request.digest;
}
