import type { ApprovalRule, Background, Grant, InboxItem, PastGrant, Request } from "@mayfly/sdk/browser";
import { spanText, ttlValue } from "../../components/duration.ts";
import { visibleText } from "../../components/visible.ts";
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
      ? `One person from ${groups(rule.by)} must approve within ${spanText(rule.within_seconds)}.`
      : `${rule.count} people from ${groups(rule.by)} must approve within ${spanText(rule.within_seconds)}.`,
    ...(rule.escalate === undefined
      ? []
      : [`After ${spanText(rule.escalate.after_seconds)}, ${groups(rule.escalate.to)} can decide too.`]),
    ...(rule.fresh_sign_in_seconds === undefined
      ? []
      : [`Approving needs a sign-in from the last ${spanText(rule.fresh_sign_in_seconds)}.`]),
    rule.refusals === 1 ? "One refusal ends it." : `${rule.refusals} refusals end it.`,
  ];
}

/** What policies in shadow would have made of a request, a sentence each. */
export function shadowText(shadow: NonNullable<Background["shadow"]>): readonly string[] {
  const { decision, ttl_seconds: ttl, approval, reasons } = shadow;
  if (decision === "deny") return ["It would be denied.", ...reasons];
  const long = ttl === undefined ? "" : ` for ${spanText(ttl)}`;
  return [
    approval === undefined
      ? `It would be granted at once${long}.`
      : `It would wait for approval, and run${long}.`,
    ...(approval === undefined ? [] : ruleText(approval)),
    ...reasons,
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
      if (request.break_glass) return "Emergency access: used without approval.";
      return request.approvals.length === 0
        ? automaticText(request.policies)
        : `Approved by ${names("approve")}.`;
    case "refused":
      return names("refuse") === "" ? "Refused." : `Refused by ${names("refuse")}.`;
    case "withdrawn":
      return "Withdrawn before anyone decided.";
    case "timed_out":
      return "Timed out: nobody decided in time. The agent can ask again.";
    case "denied":
      return "Denied by policy.";
    default:
      return request.state satisfies never;
  }
}

/** Who approved what nobody had to: `Approved automatically by policy "agents read".` */
function automaticText(policies: readonly string[]): string {
  const names = policies.map((policy) => `"${policy}"`).join(" and ");
  return names === ""
    ? "Approved automatically."
    : `Approved automatically by ${policies.length === 1 ? "policy" : "policies"} ${names}.`;
}

const endings = [
  ["approved", "approved"],
  ["refused", "refused"],
  ["denied", "denied by policy"],
  ["timed_out", "timed out"],
  ["withdrawn", "withdrawn"],
  ["pending", "waiting now"],
] as const;

/** What it asked for before, when it asks for something for the first time. @param more it asked more than was looked at */
export function firstTimeText(before: number, more: boolean): string {
  if (before === 0) return "; it has not asked for anything before.";
  if (before === 1) return "; its one request before this was for something else.";
  return `; its ${more ? "last " : ""}${before} requests before this were for something else.`;
}

/** What became of earlier requests for the same: "Asked for this 12 times before: 10 approved, 2 refused." */
export function earlierText(earlier: Background["earlier"]): string {
  const parts = endings.flatMap(([state, words]) => {
    const count = earlier[state] ?? 0;
    return count === 0 ? [] : [{ count, words }];
  });
  const all = parts.reduce((sum, { count }) => sum + count, 0);
  if (all === 0) return "Not asked for before.";
  const times = all === 1 ? "once" : `${all} times`;
  return `Asked for this ${times} before: ${parts.map(({ count, words }) => `${count} ${words}`).join(", ")}.`;
}

/** What the approving answer says to whoever gave it. */
export function approvedText(request: Request): string {
  if (request.state === "approved") {
    return `Approved. ${request.requester.name} has it for ${spanText(grantedSeconds(request))}.`;
  }
  const needed = request.approval?.count ?? 1;
  const given = approvalsGiven(request);
  const more = needed - given;
  return `Your approval is recorded: ${given} of ${needed}. ${more === 1 ? "One more person" : `${more} more people`} must approve.`;
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

/** Who reviewed access that was taken in an emergency, and what they found. Whoever took it is not told. */
export function reviewText({ reviews }: Pick<Request, "reviews">): string {
  if (reviews === undefined) return "Reviews are not shown to whoever took the access.";
  if (reviews.length === 0) return "By nobody yet: an emergency takes no approval.";
  return visibleText(reviews.map(({ reviewer, note }) => `${reviewer.name}: “${note}”`).join("; "));
}

/** How much was done with a grant, and how it ended: "4 acts, 1 denied; expired: …". */
export function takenText({ acts, denied, state, end_reason: reason }: PastGrant): string {
  const done = acts === undefined ? "Use not known" : `${acts} ${acts === 1 ? "act" : "acts"}`;
  const refused = denied === undefined || denied === 0 ? "" : `, ${denied} denied`;
  const end = state === "active" ? "still in force" : reason === undefined ? state : `${state}: ${reason}`;
  return `${done}${refused}; ${end}`;
}

/** That one's own grant is over, and how it ended. Undefined while it is in force. */
export function overText({ state }: Pick<Grant, "state">): string | undefined {
  return state === "active" ? undefined : `${state}: it gives nothing any more`;
}
