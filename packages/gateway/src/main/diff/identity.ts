import type { AgentProvider, IdentityConfiguration } from "../../configuration/types.ts";
import { changedMembers, type Differ } from "./differ.ts";
import type { Finding } from "./finding.ts";

/** What a change of `identity:` comes to: agents let in, groups of agents, roles of people. */
export function compareIdentity(
  before: IdentityConfiguration,
  after: IdentityConfiguration,
  differs: Differ,
): readonly Finding[] {
  const findings: Finding[] = [];
  const issuers = new Set([...before.agents, ...after.agents].map(({ issuer }) => issuer));
  for (const issuer of issuers) {
    const [was, is] = [before, after].map(({ agents }) => agents.find((each) => each.issuer === issuer));
    findings.push(...compareProviders(issuer, was, is, differs));
  }
  for (const role of ["reviewer", "operator", "auditor"] as const) {
    const gained = after.roles[role].filter((group) => !before.roles[role].includes(group));
    const lost = before.roles[role].filter((group) => !after.roles[role].includes(group));
    if (gained.length > 0)
      findings.push({ kind: "wider", who: gained.join(", "), on: "roles", what: `may act as ${role} now` });
    if (lost.length > 0)
      findings.push({ kind: "narrower", who: lost.join(", "), on: "roles", what: `is no ${role} any more` });
  }
  for (const part of ["people", "mcpClients", "signals"] as const)
    if (differs(before[part], after[part]))
      findings.push({
        kind: "unclear",
        on: `identity.${part === "mcpClients" ? "mcp_clients" : part}`,
        what: "changed",
      });
  return findings;
}

function compareProviders(
  issuer: string,
  was: AgentProvider | undefined,
  is: AgentProvider | undefined,
  differs: Differ,
): readonly Finding[] {
  if (was === undefined)
    return [{ kind: "unclear", on: issuer, what: "its agents are let in now, with the groups that it says" }];
  if (is === undefined) return [{ kind: "narrower", on: issuer, what: "its agents are let in no longer" }];
  const findings: Finding[] = [];
  for (const client of new Set([...was.directory.keys(), ...is.directory.keys()])) {
    const [before, after] = [was.directory.get(client), is.directory.get(client)];
    const who = after?.name ?? before?.name ?? client;
    const groups = (these: readonly string[] | undefined, those: readonly string[] | undefined): string =>
      (these ?? []).filter((group) => those?.includes(group) !== true).join(", ");
    const [gained, lost] = [groups(after?.groups, before?.groups), groups(before?.groups, after?.groups)];
    if (gained !== "") findings.push({ kind: "wider", who, on: "identity", what: `is in ${gained} now` });
    if (lost !== "")
      findings.push({ kind: "narrower", who, on: "identity", what: `is not in ${lost} any more` });
  }
  const { directory: _before, ...mine } = was;
  const { directory: _after, ...theirs } = is;
  const members = changedMembers(mine, theirs, differs);
  if (members.length > 0)
    findings.push({ kind: "unclear", on: issuer, what: `${members.join(", ")} changed` });
  return findings;
}
