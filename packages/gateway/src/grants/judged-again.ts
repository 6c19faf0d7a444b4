import type { GrantRules } from "./grants.ts";
import { entryOf, planOf, sameApproval, type Facts, type Plan } from "./plan.ts";
import { digestOfRequest, sheetOperations } from "./sheet.ts";
import type { AccessRequest, Allowed, Requester } from "./types.ts";

/** The requester as these rules know them now; undefined when they no longer do. */
function requesterOf(rules: GrantRules, request: AccessRequest): Requester | undefined {
  return rules.current === undefined ? request.requester : rules.current(request.requester);
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
    clientAddress: request.clientAddress ?? "",
    at: request.createdAt,
  };
}

/**
 * What these rules make of a part of a request: every operation in it unchanged since the ask and permitted for that
 * long, with no approval asked for but the request's own.
 * @returns undefined when they do not allow it
 */
export function planOfPart(
  rules: GrantRules,
  request: AccessRequest,
  part: Allowed,
): Extract<Plan, { readonly decision: "permit" }> | undefined {
  const requester = requesterOf(rules, request);
  if (requester === undefined || part.operations.length === 0) return undefined;
  const asked = new Map(request.sheet.operations.map(({ name, digest }) => [name, digest]));
  for (const name of part.operations) {
    const digest = entryOf(rules, request.connection, name)?.digest;
    if (digest === undefined || asked.get(name) !== digest) return undefined;
  }
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

/** Whether these rules would still let a grant of the request be, for the part of it that the grant is for. */
export function stillAllowed(rules: GrantRules, request: AccessRequest, part: Allowed): boolean {
  return planOfPart(rules, request, part) !== undefined;
}
