import { MAX_LEASE_MS, MIN_LEASE_MS } from "../kernel/leases.ts";
import { nameHint } from "../kernel/closest-name.ts";
import type { PolicyEntry, PolicyProblem } from "./types.ts";

/** Operations by connection, as the configuration names them. */
export type Inventory = ReadonlyMap<string, readonly string[]>;

/**
 * What is wrong with an entry, its `when` aside. A policy that could not do what it says is refused: one that names
 * nothing, or a forbid with terms.
 */
export function problemsOfEntry(
  index: number,
  entry: PolicyEntry,
  inventory: Inventory,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const add = (member: keyof PolicyEntry, message: string, hint?: string): void => {
    problems.push(hint === undefined ? { index, member, message } : { index, member, message, hint });
  };
  if (entry.name.trim() === "")
    add("name", "the policy has no name", "name it as a sentence that decisions can quote");
  if (entry.groups.length === 0)
    add("groups", "the policy is for no group, so it would never match", "list at least one group");
  if (entry.personGroups?.length === 0)
    add(
      "personGroups",
      "the policy is for nobody's agents, so it would never match",
      "list a group, or leave it out",
    );
  if (entry.operations.length === 0) {
    add(
      "operations",
      "the policy is about no operation, so it would never match",
      "list at least one operation",
    );
  }
  const texts = {
    name: [entry.name],
    groups: entry.groups,
    personGroups: entry.personGroups ?? [],
    connection: [entry.connection],
    operations: entry.operations,
  };
  for (const [member, names] of Object.entries(texts) as [keyof typeof texts, readonly string[]][]) {
    if (!names.every((name) => name.isWellFormed()))
      add(member, "the name is not valid Unicode", "save the file as UTF-8");
  }
  for (const member of ["groups", "personGroups"] as const)
    if (entry[member]?.includes("") === true) add(member, "a group's name is empty");
  addUnknownNames(entry, inventory, add);
  if (entry.forbid) {
    if (entry.ttl !== undefined) add("ttl", "a policy that forbids has no ttl", "remove `ttl`, or `forbid`");
    if (entry.approval !== undefined)
      add("approval", "a policy that forbids asks for no approval", "remove `approval`, or `forbid`");
    if (entry.lease !== undefined)
      add("lease", "a policy that forbids demands no lease", "remove `lease`, or `forbid`");
    if (entry.closedPaths !== undefined)
      add("closedPaths", "a policy that forbids demands no probe", "remove `requires`, or `forbid`");
    if (entry.sandbox !== undefined)
      add("sandbox", "a policy that forbids demands no sandbox", "remove `requires`, or `forbid`");
  } else {
    addTermsProblems(entry, add);
  }
  return problems;
}

type Add = (member: keyof PolicyEntry, message: string, hint?: string) => void;

function addUnknownNames(entry: PolicyEntry, inventory: Inventory, add: Add): void {
  const operations = inventory.get(entry.connection);
  if (operations === undefined) {
    add(
      "connection",
      `there is no connection \`${entry.connection}\``,
      suggestion(entry.connection, [...inventory.keys()]),
    );
    return;
  }
  for (const operation of new Set(entry.operations)) {
    if (operations.includes(operation)) continue;
    add(
      "operations",
      `connection \`${entry.connection}\` has no operation \`${operation}\``,
      suggestion(operation, operations),
    );
  }
}

function addTermsProblems({ ttl, approval, lease, closedPaths, sandbox }: PolicyEntry, add: Add): void {
  if (lease !== undefined && !(lease >= MIN_LEASE_MS && lease <= MAX_LEASE_MS))
    add("lease", "a lease is of 2s to 60s", "write `lease: required`, or for example `lease: 5s`");
  if (closedPaths !== undefined && !(closedPaths > 0))
    add("closedPaths", "nobody could have probed that lately", "write for example `closed_paths: 24h`");
  if (sandbox !== undefined && lease === undefined)
    add("sandbox", "a sandbox is known of by the lease that it holds", "write `lease: required` as well");
  if (ttl === undefined) {
    add(
      "ttl",
      "the policy does not say for how long",
      "add for example `ttl: 10m`, or `ttl: { default: 5m, max: 15m }`",
    );
  } else if (!(ttl.default > 0) || !Number.isFinite(ttl.max)) {
    add("ttl", "a ttl is a duration above zero", "write for example `ttl: 10m`");
  } else if (ttl.default > ttl.max) {
    add("ttl", "the default ttl is longer than the longest", "raise `max`, or lower `default`");
  }
  if (approval === undefined) return;
  if (approval.by.length === 0)
    add("approval", "nobody could approve", "list at least one group in `approval.by`");
  if (!Number.isSafeInteger(approval.count) || approval.count < 1) {
    add("approval", "an approval needs at least one person", "write `count: 1`, or remove `approval`");
  }
  if (!(approval.within > 0))
    add("approval", "nobody would have time to approve", "write for example `within: 30m`");
  if (!Number.isSafeInteger(approval.refusals) || approval.refusals < 1) {
    add("approval", "no number of refusals would end the request", "write `refusals: 1`, or leave it out");
  }
  if (approval.freshSignIn !== undefined && !(approval.freshSignIn > 0)) {
    add("approval", "nobody could sign in that lately", "write for example `fresh_sign_in: 10m`");
  }
  const { escalate } = approval;
  if (escalate === undefined) return;
  if (escalate.to.length === 0)
    add("approval", "it would escalate to nobody", "list at least one group in `escalate.to`");
  if (!(escalate.after > 0) || escalate.after >= approval.within) {
    add(
      "approval",
      "it would escalate when the request has timed out",
      "write an `escalate.after` that is shorter than `within`",
    );
  }
}

function suggestion(word: string, names: readonly string[]): string {
  return nameHint(word, names) ?? "there are none";
}
