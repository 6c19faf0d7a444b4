import type { ApprovalRule, Terms } from "../../policy/types.ts";

function sameNames(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

/** Whether two approval rules ask for the same people and as many of them. */
function sameReviewers(a: ApprovalRule, b: ApprovalRule): boolean {
  return a.count === b.count && sameNames(a.by, b.by) && sameNames(a.escalate?.to, b.escalate?.to);
}

/** Whether an approval under one rule counts under the other: the same people, who authenticated as recently. */
export function sameApproval(a: ApprovalRule | undefined, b: ApprovalRule | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameReviewers(a, b) && a.freshSignIn === b.freshSignIn && a.escalate?.after === b.escalate?.after;
}

/**
 * The approval that covers all operations. Operations without approval join those that need one; two that need
 * different reviewers cannot share a request, because one approval must mean the same for everything it covers.
 */
export function commonApproval(terms: readonly Terms[]): ApprovalRule | "differ" | undefined {
  const asked = terms.flatMap((one) => (one.approval === undefined ? [] : [one.approval]));
  const [first, ...others] = asked;
  if (first === undefined) return undefined;
  if (others.some((other) => !sameReviewers(first, other))) return "differ";
  const fresh = asked.flatMap(({ freshSignIn }) => (freshSignIn === undefined ? [] : [freshSignIn]));
  // Where rules differ, the strictest applies to all.
  return {
    by: first.by,
    count: Math.max(1, first.count),
    within: Math.min(...asked.map((one) => one.within)),
    ...(first.escalate === undefined
      ? {}
      : {
          escalate: {
            after: Math.max(...asked.map(({ escalate }) => escalate?.after ?? 0)),
            to: first.escalate.to,
          },
        }),
    ...(fresh.length === 0 ? {} : { freshSignIn: Math.min(...fresh) }),
    refusals: Math.max(1, Math.min(...asked.map((one) => one.refusals))),
  };
}
