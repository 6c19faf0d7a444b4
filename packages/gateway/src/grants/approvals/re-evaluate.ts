import { groupsUnknown } from "../errors.ts";
import type { GrantRules } from "../grants.ts";
import { entryOf, planOf, sameApproval, type Facts, type Plan } from "../requests/plan.ts";
import { digestOfRequest, sheetOperations } from "../requests/review-sheet.ts";
import type { AccessRequest, Allowed, Requester } from "../types.ts";

/** The requester as these rules know them now; undefined when they no longer do. */
function requesterOf(rules: GrantRules, request: AccessRequest): Requester | undefined {
  return rules.current === undefined ? request.requester : rules.current(request.requester);
}

/** @throws groups_unknown when nobody can say now in which groups the requester is: nothing new is granted to it */
export function requireKnown(rules: GrantRules, request: AccessRequest): void {
  const why = requesterOf(rules, request)?.groupsUnknown;
  if (why !== undefined) throw groupsUnknown(why);
}

/** A stored request's facts as these rules see them: time, reason and address are those of the ask. */
function factsOf(requester: Requester, request: AccessRequest, part: Allowed): Facts {
  return {
    requester,
    connection: request.connection,
    operations: part.operations,
    reason: request.reason,
    ttl: part.ttl,
    breakGlass: request.breakGlass === true,
    ...(request.lease === undefined ? {} : { lease: request.lease }),
    clientAddress: request.clientAddress ?? "",
    at: request.createdAt,
  };
}

/** An operation of the part that is not what it was at the ask, or is gone; undefined when there is none. */
function changedOperation(rules: GrantRules, request: AccessRequest, part: Allowed): string | undefined {
  const asked = new Map(request.sheet.operations.map(({ name, digest }) => [name, digest]));
  return part.operations.find((name) => {
    const digest = entryOf(rules, request.connection, name)?.digest;
    return digest === undefined || asked.get(name) !== digest;
  });
}

/**
 * The plan of a part of a request under these rules: every operation in it is unchanged since the ask and permitted for
 * that long, and requires no approval but the request's own.
 * @returns undefined when they do not allow it
 */
export function planOfPart(
  rules: GrantRules,
  request: AccessRequest,
  part: Allowed,
): Extract<Plan, { readonly decision: "permit" }> | undefined {
  const requester = requesterOf(rules, request);
  if (requester === undefined || part.operations.length === 0) return undefined;
  if (changedOperation(rules, request, part) !== undefined) return undefined;
  const plan = planOf(rules, factsOf(requester, request, part));
  if (plan.decision !== "permit") return undefined;
  return plan.approval === undefined || sameApproval(plan.approval, request.approval) ? plan : undefined;
}

/** Whether a reviewer who reads the request now would be shown, and asked for, exactly what was asked then. */
export function sameAsked(rules: GrantRules, request: AccessRequest): boolean {
  // A row that was changed behind our back, or written by another version.
  if (digestOfRequest(request) !== request.digest) return false;
  const requester = requesterOf(rules, request);
  const operations = sheetOperations(rules, request.connection, request.operations);
  if (requester === undefined || operations === undefined) return false;
  const plan = planOf(rules, factsOf(requester, request, request));
  if (plan.decision !== "permit") return false;
  const { approval: _, ...rest } = request;
  const again = {
    ...rest,
    requester,
    sheet: { ...request.sheet, operations },
    policies: plan.policies,
    ...(plan.approval === undefined ? {} : { approval: plan.approval }),
  };
  return digestOfRequest(again) === request.digest;
}

/** Whether these rules still allow a grant of the request, for the part that the grant covers. */
export function stillAllowed(rules: GrantRules, request: AccessRequest, part: Allowed): boolean {
  return planOfPart(rules, request, part) !== undefined;
}

/** Why these rules allow it no longer, for the grant's holder and for records. */
export function whyNoLonger(rules: GrantRules, request: AccessRequest, part: Allowed): string {
  const changed = changedOperation(rules, request, part);
  const words = "the configuration no longer allows it";
  return changed === undefined ? words : `${words}: ${changed} is not what it was when it was granted`;
}
