import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import { finding, type Finding } from "./finding.ts";
import { easierThan, mayFail, sameText, termsInWords } from "./terms.ts";

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

/** The groups that a policy is about, each with each of the person's. */
function pairsOf({ groups, personGroups }: PolicyEntry): readonly Omit<Way, "entry">[] {
  return groups.flatMap((group) =>
    personGroups === undefined ? [{ group }] : personGroups.map((personGroup) => ({ group, personGroup })),
  );
}

/** The ways of permitting policies. */
export function waysOf(policies: readonly PolicyEntry[]): readonly Way[] {
  return policies
    .filter(({ forbid }) => !forbid)
    .flatMap((entry) => pairsOf(entry).map((pair) => ({ ...pair, entry })));
}

/** Whether whoever may go one way could also go the other, by who they are. */
export function isFor(way: Way, other: Way): boolean {
  return (
    way.group === other.group &&
    (way.entry.breakGlass === true) === (other.entry.breakGlass === true) &&
    (other.personGroup === undefined || other.personGroup === way.personGroup)
  );
}

/** What a way opens that no other did: the least of what it opens beside each. */
function openedBy(way: Way, others: readonly Way[]): "anew" | ReturnType<typeof easierThan> {
  const beside = others.filter((each) => isFor(way, each)).map((each) => easierThan(each.entry, way.entry));
  return beside.toSorted((one, other) => one.length - other.length)[0] ?? "anew";
}

/** What ways to one operation came, went, and became easier or harder. */
export function compareWays(on: string, before: readonly Way[], after: readonly Way[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const way of after) {
    const opened = openedBy(way, before);
    if (opened === "anew")
      findings.push(finding("wider", on, `can request it now: ${termsInWords(way.entry)}`, whoOf(way)));
    else if (opened.length > 0) {
      const [is, was] = [opened.map(({ easier }) => easier), opened.map(({ harder }) => harder)];
      const what = `can request it ${is.join(", ")}; before: ${was.join(", ")}`;
      findings.push(finding("wider", on, what, whoOf(way)));
    }
  }
  for (const way of before) {
    const lost = openedBy(way, after);
    if (lost === "anew") findings.push(finding("narrower", on, "can no longer request it", whoOf(way)));
    else if (lost.length > 0) {
      const [was, is] = [lost.map(({ easier }) => easier), lost.map(({ harder }) => harder)];
      const what = `can request it only ${is.join(", ")}; before: ${was.join(", ")}`;
      findings.push(finding("narrower", on, what, whoOf(way)));
    }
    if (mayFail(way.entry) && !after.some(({ entry }) => sameText(entry.when, way.entry.when)))
      findings.push(
        finding(
          "unclear",
          on,
          `policy ${way.entry.name} no longer counts as it did: where its condition could not be evaluated, nothing was permitted`,
        ),
      );
  }
  return findings;
}

/** What is no longer forbidden of one operation, or is now. */
export function compareForbids(
  on: string,
  before: readonly PolicyEntry[],
  after: readonly PolicyEntry[],
): readonly Finding[] {
  const gone = (
    kind: "wider" | "narrower",
    [one, other]: readonly (readonly PolicyEntry[])[],
    what: string,
  ): readonly Finding[] =>
    (one ?? [])
      .filter((each) => each.forbid && !isStillForbidden(each, other ?? []))
      .map(({ name, groups, when }) => {
        const condition = when === undefined ? "" : ` while ${when.trim()}`;
        return finding(kind, on, `${what} by policy ${name}${condition}`, ...groups);
      });
  const isReached = (policies: readonly PolicyEntry[]): boolean => policies.some(({ forbid }) => !forbid);
  return [
    ...(isReached(after) ? gone("wider", [before, after], "no longer forbidden") : []),
    ...(isReached(before) ? gone("narrower", [after, before], "forbidden") : []),
  ];
}

/** Whether whatever one policy forbids, others forbid too. */
function isStillForbidden(forbid: PolicyEntry, others: readonly PolicyEntry[]): boolean {
  const same = others.filter(
    (each) => each.forbid && (each.when === undefined || sameText(each.when, forbid.when)),
  );
  return pairsOf(forbid).every(({ group, personGroup }) =>
    same.some(
      ({ groups, personGroups }) =>
        groups.includes(group) &&
        (personGroups === undefined || (personGroup !== undefined && personGroups.includes(personGroup))),
    ),
  );
}
