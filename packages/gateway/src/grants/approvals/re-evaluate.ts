import type { KnownPaths } from "../../kernel/known-paths.ts";
import { groupsUnknown } from "../errors.ts";
import type { GrantRules } from "../grants.ts";
import { sameApproval } from "../requests/common-approval.ts";
import { entryOf, planOf, type Facts, type Plan } from "../requests/plan.ts";
import { pathFacts } from "../requests/closed-paths.ts";
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

/** What is known of the paths beside the gateway, as policies judge it. */
export type PathFacts = Pick<Facts, "closedFor" | "whyNotClosed">;

/** A stored request's facts as these rules see them: time, reason and address are those of the ask. */
function factsOf(
  requester: Requester,
  request: AccessRequest,
  part: Allowed,
  paths: PathFacts = pathFacts(request.paths, request.createdAt),
): Facts {
  return {
    requester,
    connection: request.connection,
    operations: part.operations,
    reason: request.reason,
    ttl: part.ttl,
    breakGlass: request.breakGlass === true,
    ...(request.lease === undefined ? {} : { lease: request.lease }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    clientAddress: request.clientAddress ?? "",
    ...paths,
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
 * @param paths left out: as they were at the ask
 * @returns undefined when they do not allow it
 */
export function planOfPart(
  rules: GrantRules,
  request: AccessRequest,
  part: Allowed,
  paths?: PathFacts,
): Extract<Plan, { readonly decision: "permit" }> | undefined {
  const requester = requesterOf(rules, request);
  if (requester === undefined || part.operations.length === 0) return undefined;
  if (changedOperation(rules, request, part) !== undefined) return undefined;
  const plan = planOf(rules, factsOf(requester, request, part, paths));
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

/**
 * The paths of a request that is for one host, as they are known now; in words, why it may not be granted any more.
 * @param known of the paths now
 * @param at now, milliseconds since the epoch
 */
export function pathsNow(
  rules: GrantRules,
  request: AccessRequest,
  known: KnownPaths,
  at: number,
): PathFacts | string {
  const requester = requesterOf(rules, request) ?? request.requester;
  const now = pathFacts(known, at);
  const then = pathFacts(request.paths, request.createdAt).closedFor ?? 0;
  // A newer probe may be enough for more policies than at the ask; a reviewer was shown those of the ask.
  const paths = now.closedFor === undefined ? now : { closedFor: Math.max(now.closedFor, then) };
  const plan = planOf(rules, factsOf(requester, request, request, paths));
  if (plan.decision !== "permit") return plan.reasons.join("; ");
  if (plan.policies.join("\n") === request.policies.join("\n")) return paths;
  return "why" in known ? known.why : "the last probe is too old";
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
