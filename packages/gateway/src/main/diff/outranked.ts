import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import { finding, type Finding } from "./finding.ts";
import { approvalInWords, easierThan, isApprovedEasier, sameText } from "./terms.ts";
import { isFor, waysOf, whoOf, type Way } from "./ways.ts";

// Of several policies that permit one request, the gateway takes the one without approval, else the longer one, else the
// first in the file (policy/terms.ts). So a policy that asks other people can be out of reach behind one that is taken first,
// and comes within reach when that one goes, is made narrower or moves.

/** Whether the first policy is taken before the second whenever both permit, whatever is asked for. */
function isTakenBefore(first: PolicyEntry, second: PolicyEntry, policies: readonly PolicyEntry[]): boolean {
  const [one, other] = [first.ttl?.max ?? 0, second.ttl?.max ?? 0];
  const takesAnyLease = first.lease === undefined || (second.lease ?? Infinity) <= first.lease;
  const takesAnyPaths =
    first.closedPaths === undefined || (second.closedPaths ?? Infinity) <= first.closedPaths;
  const runsAnywhere = first.sandbox === undefined || second.sandbox === true;
  return (
    takesAnyLease &&
    takesAnyPaths &&
    runsAnywhere &&
    (one > other || (one === other && policies.indexOf(first) < policies.indexOf(second)))
  );
}

/** Whether one policy is for all whom another one is for, under no further condition. */
function standsFor(policy: PolicyEntry, other: PolicyEntry): boolean {
  return (
    (policy.when === undefined || sameText(policy.when, other.when)) &&
    waysOf([other]).every((way) => waysOf([policy]).some((mine) => isFor(way, mine)))
  );
}

/** The policies with an approval: the others are taken before them, whatever they say. */
const approved = (policies: readonly PolicyEntry[]): readonly PolicyEntry[] =>
  policies.filter(({ forbid, approval }) => !forbid && approval !== undefined);

/**
 * Approvals of one operation that were there before, and out of reach behind a stricter one that was taken first.
 * @param before policies about the operation, in the order of the file
 */
export function compareRanks(
  on: string,
  before: readonly PolicyEntry[],
  after: readonly PolicyEntry[],
): readonly Finding[] {
  const strict = approved(before).map((entry) => ({
    entry,
    heirs: approved(after).filter((each) => standsFor(each, entry)),
  }));
  const ways = waysOf(approved(before));
  return waysOf(approved(after)).flatMap((way) => {
    const there = ways.filter((each) => isFor(way, each) && easierThan(each.entry, way.entry).length === 0);
    if (there.length === 0) return [];
    const gone = strict.find(
      ({ entry, heirs }) =>
        isApprovedEasier(entry.approval, way.entry.approval) &&
        there.every((each) => isTakenBefore(entry, each.entry, before)) &&
        !heirs.some((heir) => isTakenBefore(heir, way.entry, after)),
    );
    return gone === undefined ? [] : [reachedBy(on, way, gone.entry)];
  });
}

function reachedBy(on: string, way: Way, { name, groups, approval }: PolicyEntry): Finding {
  const what = `can have it ${approvalInWords(way.entry.approval)}; before, policy ${name} was taken first: ${approvalInWords(approval)}`;
  // Of other groups: whether anybody is in both, no file tells.
  return groups.includes(way.group)
    ? finding("wider", on, what, whoOf(way))
    : finding("unclear", on, `if also in ${groups.join(" or ")}, ${what}`, whoOf(way));
}
