import type { ApprovalRule, InboxItem, Request } from "@mayfly/sdk/browser";
import { spanText, ttlValue } from "../../components/duration.ts";
import type { Risk } from "../../components/badge.tsx";

// How requests read. Pure.

/** "orders-db/read-orders" without its connection. */
export function shortOperation(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** The highest of the risks. */
export function highestRisk(operations: Request["operations"]): Risk {
  const order: readonly Risk[] = ["high", "medium", "low"];
  return order.find((risk) => operations.some((operation) => operation.risk === risk)) ?? "low";
}

function groups(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** What the policy asks of reviewers, a sentence each. */
export function ruleText(rule: ApprovalRule): readonly string[] {
  return [
    rule.count === 1
      ? `One person of ${groups(rule.by)} has to approve within ${spanText(rule.within_seconds)}.`
      : `${rule.count} people of ${groups(rule.by)} have to approve within ${spanText(rule.within_seconds)}.`,
    ...(rule.escalate === undefined
      ? []
      : [`After ${spanText(rule.escalate.after_seconds)}, ${groups(rule.escalate.to)} may decide too.`]),
    ...(rule.fresh_sign_in_seconds === undefined
      ? []
      : [`Approving takes a sign-in of the last ${spanText(rule.fresh_sign_in_seconds)}.`]),
    rule.refusals === 1 ? "One refusal ends it." : `${rule.refusals} refusals end it.`,
  ];
}

/** How many more have to approve: "1 of 2 approvals given". Nothing where one is enough. */
export function progressText(needed: number, given: number): string | undefined {
  return needed <= 1 ? undefined : `${given} of ${needed} approvals`;
}

/** Approvals that count so far. */
export function approvalsGiven(request: Request): number {
  return request.approvals.filter(({ decision }) => decision === "approve").length;
}

/** What became of a request, in a sentence. Undefined while it waits. */
export function outcomeText(request: Request): string | undefined {
  const names = (decision: "approve" | "refuse"): string =>
    request.approvals
      .filter((approval) => approval.decision === decision)
      .map(({ reviewer }) => reviewer.name)
      .join(" and ");
  switch (request.state) {
    case "pending":
      return undefined;
    case "approved":
      if (request.break_glass) return "Nobody approved it: the glass was broken.";
      return request.approvals.length === 0
        ? "The policy approved it by itself; nobody had to."
        : `Approved by ${names("approve")}.`;
    case "refused":
      return names("refuse") === "" ? "It was refused." : `Refused by ${names("refuse")}.`;
    case "withdrawn":
      return "It was withdrawn before anybody decided.";
    case "timed_out":
      return "Nobody decided in time, so it ended. It has to be asked again.";
    case "denied":
      return "The policies denied it.";
    default:
      return request.state satisfies never;
  }
}

/** What the approving answer says to whoever gave it. */
export function approvedText(request: Request): string {
  if (request.state === "approved") {
    return `Approved. ${request.requester.name} has it for ${spanText(grantedSeconds(request))}.`;
  }
  const needed = request.approval?.count ?? 1;
  const given = approvalsGiven(request);
  const more = needed - given;
  return `Your yes is kept: ${given} of ${needed}. ${more === 1 ? "One more person has" : `${more} more people have`} to approve.`;
}

/** How long the grant lives: what was asked, or the least that a reviewer allowed. Seconds. */
export function grantedSeconds(request: Request): number {
  return Math.min(
    request.ttl_seconds,
    ...request.approvals.flatMap(({ allowed }) => (allowed === undefined ? [] : [allowed.ttl_seconds])),
  );
}

/** Shorter times that a reviewer may allow in the place of what was asked, seconds, longest first. */
export function shorterTimes(asked: number): readonly number[] {
  return [28_800, 14_400, 7200, 3600, 1800, 900, 600, 300, 120, 60].filter((seconds) => seconds < asked);
}

/** What a reviewer allows, or undefined when it is all that was asked. */
export function allowedPart(
  request: Request,
  operations: ReadonlySet<string>,
  seconds: number,
): { readonly operations?: readonly string[]; readonly ttl?: string } | undefined {
  const kept = request.operations.map(({ name }) => name).filter((name) => operations.has(name));
  const fewer = kept.length < request.operations.length;
  const shorter = seconds < request.ttl_seconds;
  if (!fewer && !shorter) return undefined;
  return { ...(fewer ? { operations: kept } : {}), ...(shorter ? { ttl: ttlValue(seconds) } : {}) };
}

/** Everything of an item that a reviewer may search for, in lower case. */
export function searchable(item: InboxItem): string {
  const { requester } = item;
  return [
    requester.name,
    requester.owner ?? "",
    requester.person ?? "",
    item.connection,
    ...item.operations,
    item.reason,
    item.id,
  ]
    .join("\n")
    .toLowerCase();
}
