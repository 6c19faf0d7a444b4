import { formatDuration } from "../../kernel/durations.ts";
import type { ApprovalRule, PolicyEntry } from "../../kernel/policy-entry.ts";

/** One group to which one policy gives one operation. */
export interface Way {
  readonly group: string;
  /** The group that the person behind the agent must be in; left out: whoever it is, or nobody. */
  readonly personGroup?: string;
  readonly entry: PolicyEntry;
}

/** Who requests, so that the same ones can be found in both files. */
export function whoOf({ group, personGroup, entry }: Way): string {
  const person = personGroup === undefined ? "" : ` for a person in ${personGroup}`;
  return `${group}${person}${entry.breakGlass === true ? ", breaking glass," : ""}`;
}

/** The ways of policies to one operation. */
export function waysTo(
  policies: readonly PolicyEntry[],
  connection: string,
  operation: string,
): readonly Way[] {
  return policies
    .filter(
      (entry) => !entry.forbid && entry.connection === connection && entry.operations.includes(operation),
    )
    .flatMap((entry) =>
      entry.groups.flatMap((group): Way[] =>
        entry.personGroups === undefined
          ? [{ group, entry }]
          : entry.personGroups.map((personGroup) => ({ group, personGroup, entry })),
      ),
    );
}

/** To the letter: white space may stand in a text. */
const sameText = (one: string | undefined, other: string | undefined): boolean =>
  one?.trim() === other?.trim();

const within = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((each) => all.includes(each));

/** Whether whoever may go one way could also go the other, by who they are. */
function isFor(way: Way, other: Way): boolean {
  return (
    way.group === other.group &&
    (way.entry.breakGlass === true) === (other.entry.breakGlass === true) &&
    (other.personGroup === undefined || other.personGroup === way.personGroup)
  );
}

/** In which respects a way asks less than one that there was, in words; none where it asks as much or more. */
function easierThan(before: PolicyEntry, after: PolicyEntry): readonly string[] {
  const found: string[] = [];
  const [was, is] = [before.ttl?.max ?? 0, after.ttl?.max ?? 0];
  if (is > was) found.push(`for up to ${formatDuration(is)}, where it was ${formatDuration(was)}`);
  const [usually, now] = [before.ttl?.default ?? 0, after.ttl?.default ?? 0];
  if (now > usually && is <= was)
    found.push(`for ${formatDuration(now)} when it names no time, where it was ${formatDuration(usually)}`);
  if (before.when !== undefined && !sameText(before.when, after.when))
    found.push(
      after.when === undefined
        ? `without the condition ${before.when.trim()}`
        : `under the condition ${after.when.trim()}, where it was ${before.when.trim()}`,
    );
  if (before.lease !== undefined && (after.lease === undefined || after.lease > before.lease))
    found.push(
      after.lease === undefined ? "without a lease" : `with a lease of ${formatDuration(after.lease)}`,
    );
  return [...found, ...easierApproval(before.approval, after.approval)];
}

function easierApproval(
  before: ApprovalRule | undefined,
  after: ApprovalRule | undefined,
): readonly string[] {
  if (before === undefined) return [];
  if (after === undefined) return [`without approval, where ${before.by.join(" or ")} had to approve`];
  const found: string[] = [];
  const approvers = [...before.by, ...(before.escalate?.to ?? [])];
  const more = after.by.filter((group) => !before.by.includes(group));
  if (more.length > 0) found.push(`${more.join(" and ")} may approve too`);
  if (after.count < before.count) found.push(`with ${after.count} approval in the place of ${before.count}`);
  if (!within(after.escalate?.to ?? [], approvers))
    found.push(`${after.escalate?.to.join(" and ")} may approve when nobody decides`);
  else if (
    after.escalate !== undefined &&
    before.escalate !== undefined &&
    after.escalate.after < before.escalate.after
  )
    found.push(`escalated after ${formatDuration(after.escalate.after)}`);
  if (before.freshSignIn !== undefined && (after.freshSignIn ?? Infinity) > before.freshSignIn)
    found.push("with an older sign-in of the reviewer");
  if (after.refusals > before.refusals) found.push(`only ${after.refusals} refusals end the request`);
  if (after.within > before.within) found.push(`a request waits ${formatDuration(after.within)}`);
  return found;
}

/** What a way opens that no way before it did. */
export function openedBy(way: Way, before: readonly Way[]): "anew" | readonly string[] {
  const mine = before.filter((each) => isFor(way, each)).map((each) => easierThan(each.entry, way.entry));
  if (mine.length === 0) return "anew";
  return mine.toSorted((one, other) => one.length - other.length)[0] ?? [];
}

/** A way's terms in words: `for up to 15m, approved by 1 of sre, if context.reason like "INC-*"`. */
export function termsInWords({ ttl, approval, lease, when }: PolicyEntry): string {
  const by =
    approval === undefined
      ? "without approval"
      : `approved by ${approval.count} of ${approval.by.join(" or ")}`;
  return [
    `for up to ${formatDuration(ttl?.max ?? 0)}`,
    by,
    ...(lease === undefined ? [] : [`with a lease of ${formatDuration(lease)}`]),
    ...(when === undefined ? [] : [`if ${when.trim()}`]),
  ].join(", ");
}

/** Whether what one policy forbids of an operation, the others forbid too. */
export function isStillForbidden(
  forbid: PolicyEntry,
  connection: string,
  operation: string,
  after: readonly PolicyEntry[],
): boolean {
  const others = after.filter(
    (each) =>
      each.forbid &&
      each.connection === connection &&
      each.operations.includes(operation) &&
      (each.when === undefined || sameText(each.when, forbid.when)) &&
      (each.personGroups === undefined ||
        (forbid.personGroups !== undefined && within(forbid.personGroups, each.personGroups))),
  );
  return within(
    forbid.groups,
    others.flatMap(({ groups }) => groups),
  );
}
