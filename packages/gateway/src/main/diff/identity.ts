import type { AgentProvider, Configuration, IdentityConfiguration } from "../../configuration/types.ts";
import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import type { DirectoryEntry } from "../../kernel/trusted-provider.ts";
import { changedMembers, type Differ } from "./differ.ts";
import { finding, type Finding } from "./finding.ts";
import { isApprovedEasier } from "./terms.ts";

/** The other parts of `identity:`, by their names in the file: nobody can tell whom a change of them lets in. */
const parts = {
  people: "people",
  mcpClients: "mcp_clients",
  signals: "signals",
} as const satisfies Record<Exclude<keyof IdentityConfiguration, "agents" | "roles">, string>;

/** What a change of `identity:` comes to: agents let in, groups of agents, roles of people. */
export function compareIdentity(
  before: Configuration,
  after: Configuration,
  differs: Differ,
): readonly Finding[] {
  const [was, is] = [before.identity, after.identity];
  const policies = [before.policies, after.policies];
  const findings: Finding[] = [];
  for (const issuer of new Set([...was.agents, ...is.agents].map((each) => each.issuer))) {
    const [one, other] = [was, is].map(({ agents }) => agents.find((each) => each.issuer === issuer));
    findings.push(...compareProviders(issuer, one, other, policies, differs));
  }
  for (const role of ["reviewer", "operator", "auditor"] as const) {
    const gained = is.roles[role].filter((group) => !was.roles[role].includes(group));
    const lost = was.roles[role].filter((group) => !is.roles[role].includes(group));
    if (gained.length > 0) findings.push(finding("wider", "roles", `may act as ${role} now`, ...gained));
    if (lost.length > 0) findings.push(finding("narrower", "roles", `is no ${role} any more`, ...lost));
  }
  for (const [part, name] of Object.entries(parts) as [keyof typeof parts, string][])
    if (differs(was[part], is[part])) findings.push(finding("unclear", `identity.${name}`, "changed"));
  return findings;
}

type Policies = readonly (readonly PolicyEntry[])[];

function compareProviders(
  issuer: string,
  was: AgentProvider | undefined,
  is: AgentProvider | undefined,
  policies: Policies,
  differs: Differ,
): readonly Finding[] {
  if (was === undefined)
    return [finding("unclear", issuer, "its agents are let in now, with the groups that it says")];
  if (is === undefined) return [finding("narrower", issuer, "its agents are let in no longer")];
  const findings: Finding[] = [];
  for (const client of new Set([...was.directory.keys(), ...is.directory.keys()]))
    findings.push(...compareEntries(client, was.directory.get(client), is.directory.get(client), policies));
  const { directory: _before, ...mine } = was;
  const { directory: _after, ...theirs } = is;
  const members = changedMembers(mine, theirs, differs);
  if (members.length > 0) findings.push(finding("unclear", issuer, `${members.join(", ")} changed`));
  return findings;
}

/** One agent in the directory of both files. */
function compareEntries(
  client: string,
  was: DirectoryEntry | undefined,
  is: DirectoryEntry | undefined,
  policies: Policies,
): readonly Finding[] {
  const [before, after] = [was?.groups ?? [], is?.groups ?? []];
  const who = is?.name ?? was?.name ?? client;
  const findings: Finding[] = [];
  const add = (kind: Finding["kind"], what: string): void => {
    findings.push(finding(kind, "identity", what, who));
  };
  const gained = after.filter((group) => !before.includes(group));
  const lost = Map.groupBy(
    before.filter((group) => !after.includes(group)),
    (group) => holdsBack(group, policies),
  );
  if (gained.length > 0) add("wider", `is in ${gained.join(", ")} now`);
  for (const [isHeldBack, groups] of lost)
    add(
      isHeldBack ? "unclear" : "narrower",
      `is not in ${groups.join(", ")} any more${isHeldBack ? ", by which policies also keep something from it" : ""}`,
    );
  if (was?.owner !== is?.owner)
    add(
      "unclear",
      `its owner, who may not approve, is ${is?.owner ?? "nobody"}, where it was ${was?.owner ?? "nobody"}`,
    );
  if ((was?.name ?? client) !== (is?.name ?? client))
    add(readsPrincipal(policies) ? "unclear" : "other", `its name was ${was?.name ?? client}`);
  return findings;
}

/** Whether a condition reads who asks. */
function readsPrincipal(policies: Policies): boolean {
  return policies.flat().some(({ when }) => when !== undefined && /principal/u.test(when));
}

/** Whether being in a group may keep something from an agent: by a forbid, a condition, or a stricter policy that is taken first. */
function holdsBack(group: string, policies: Policies): boolean {
  if (readsPrincipal(policies)) return true;
  return policies.some((entries) =>
    entries
      .filter(({ groups }) => groups.includes(group))
      .some(
        (entry) =>
          entry.forbid ||
          entries.some(
            (other) =>
              other.connection === entry.connection &&
              other.operations.some((operation) => entry.operations.includes(operation)) &&
              other.approval !== undefined &&
              isApprovedEasier(entry.approval, other.approval),
          ),
      ),
  );
}
