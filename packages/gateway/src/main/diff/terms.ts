import { formatDuration } from "../../kernel/durations.ts";
import type { ApprovalRule, PolicyEntry } from "../../kernel/policy-entry.ts";
import { closedPathsInWords } from "../../policy/closed-paths.ts";

/** One respect in which one policy asks less than another, in the words of both. */
interface Respect {
  readonly easier: string;
  readonly harder: string;
}

/** To the letter: white space may stand in a text. */
export const sameText = (one: string | undefined, other: string | undefined): boolean =>
  one?.trim() === other?.trim();

const within = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((each) => all.includes(each));

/** `if context.reason like "INC-*"` */
const conditionInWords = (when: string | undefined): string =>
  when === undefined ? "without a condition" : `if ${when.trim()}`;

const leaseInWords = (lease: number | undefined): string =>
  lease === undefined ? "without a lease" : `with a lease of at most ${formatDuration(lease)}`;

const pathsInWords = (maxAge: number | undefined): string =>
  maxAge === undefined ? "without a probe" : `with ${closedPathsInWords(maxAge)}`;

const sandboxInWords = (sandbox: true | undefined): string =>
  sandbox === undefined ? "outside of a sandbox" : "in a sandbox";

/** `approved by 2 of sre or leads within 30m` */
export function approvalInWords(approval: ApprovalRule | undefined): string {
  if (approval === undefined) return "without approval";
  const { by, count, escalate, freshSignIn, refusals } = approval;
  return [
    `approved by ${count} of ${by.join(" or ")} within ${formatDuration(approval.within)}`,
    ...(escalate === undefined
      ? []
      : [`after ${formatDuration(escalate.after)} by ${escalate.to.join(" or ")} too`]),
    ...(freshSignIn === undefined ? [] : [`signed in within ${formatDuration(freshSignIn)}`]),
    ...(refusals === 1 ? [] : [`ended by ${refusals} refusals`]),
  ].join(", ");
}

/** In which respects the second policy asks less of who requests than the first, in words; none where it asks as much or more. */
export function easierThan(before: PolicyEntry, after: PolicyEntry): readonly Respect[] {
  const found: Respect[] = [];
  const [was, is] = [before.ttl?.max ?? 0, after.ttl?.max ?? 0];
  const [usually, now] = [before.ttl?.default ?? 0, after.ttl?.default ?? 0];
  if (is > was)
    found.push({ easier: `for up to ${formatDuration(is)}`, harder: `for up to ${formatDuration(was)}` });
  else if (now > usually)
    found.push({
      easier: `for ${formatDuration(now)} when it names no time`,
      harder: `for ${formatDuration(usually)} then`,
    });
  if (before.when !== undefined && !sameText(before.when, after.when))
    found.push({ easier: conditionInWords(after.when), harder: conditionInWords(before.when) });
  if (before.lease !== undefined && (after.lease === undefined || after.lease > before.lease))
    found.push({ easier: leaseInWords(after.lease), harder: leaseInWords(before.lease) });
  if (before.closedPaths !== undefined && (after.closedPaths ?? Infinity) > before.closedPaths)
    found.push({ easier: pathsInWords(after.closedPaths), harder: pathsInWords(before.closedPaths) });
  if (before.sandbox !== undefined && after.sandbox === undefined)
    found.push({ easier: sandboxInWords(after.sandbox), harder: sandboxInWords(before.sandbox) });
  if (isApprovedEasier(before.approval, after.approval))
    found.push({ easier: approvalInWords(after.approval), harder: approvalInWords(before.approval) });
  return found;
}

/** Whether the second approval could be had where the first could not. */
export function isApprovedEasier(before: ApprovalRule | undefined, after: ApprovalRule | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined) return true;
  const { escalate } = after;
  const sooner = escalate !== undefined && (before.escalate?.after ?? Infinity) > escalate.after;
  const late = before.escalate?.to ?? [];
  return (
    after.count < before.count ||
    !within(after.by, before.by) ||
    (escalate !== undefined && !within(escalate.to, [...before.by, ...late])) ||
    (sooner && !within(escalate.to, before.by)) ||
    (before.freshSignIn !== undefined && (after.freshSignIn ?? Infinity) > before.freshSignIn) ||
    after.refusals > before.refusals ||
    after.within > before.within
  );
}

/** A policy's terms in words: `for up to 15m, approved by 1 of sre within 30m, if context.reason like "INC-*"`. */
export function termsInWords({ ttl, approval, lease, closedPaths, sandbox, when }: PolicyEntry): string {
  return [
    `for up to ${formatDuration(ttl?.max ?? 0)}`,
    approvalInWords(approval),
    ...(lease === undefined ? [] : [leaseInWords(lease)]),
    ...(closedPaths === undefined ? [] : [pathsInWords(closedPaths)]),
    ...(sandbox === undefined ? [] : [sandboxInWords(sandbox)]),
    ...(when === undefined ? [] : [conditionInWords(when)]),
  ].join(", ");
}

/** Whether evaluating a policy's condition may fail: arithmetic may overflow, and then nothing is permitted. */
export function mayFail({ when = "" }: PolicyEntry): boolean {
  return /[*+-]/u.test(when.replace(/"(?:\\.|[^"\\])*"/gu, ""));
}
