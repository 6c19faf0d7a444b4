import { withOwners } from "../actor-chain.ts";
import { IdentityError } from "../error.ts";
import type { Principal } from "../principal.ts";
import { whyNotActive } from "./agents.ts";
import type { KnownAgent } from "./agent-memory.ts";
import type { AgentFacts } from "./agent-facts.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";

/** Who owns an agent: the owner in the directory, for people to read, and everybody whom Okta names. */
export function ownersOf(
  facts: Pick<AgentFacts, "owners">,
  inDirectory: string | undefined,
): { readonly owner?: string; readonly owners?: readonly string[] } {
  const { owners } = facts;
  const owner = inDirectory ?? owners.find((name) => name.includes("@")) ?? owners[0];
  return { ...(owner === undefined ? {} : { owner }), ...(owners.length === 0 ? {} : { owners }) };
}

/**
 * An agent as Okta knows it now, from a verified token: its groups and owners come from Okta's answer, whatever the token or
 * the directory say. `groupsAsOf` stays the token's time: cut-offs and the person's groups are compared with the time of the
 * token's issue, however fresh the answer about the agent is. Where Okta cannot be asked, the agent keeps its identity, has
 * no groups, and gets nothing new.
 * @param behind the machines behind it, as Okta knows them: their owners are on the agent's side too
 * @throws IdentityError agent_inactive when Okta says that it is not active
 */
export function withOktaFacts(
  principal: Principal,
  known: KnownAgent,
  settings: Pick<OktaApiSettings, "scopes">,
  behind: readonly KnownAgent[] = [],
): Principal {
  const inNoGroup = (why: string): Principal =>
    Object.freeze({ ...principal, groups: [], groupsFrom: "okta", groupsUnknown: why });
  if (!known.isKnown) return inNoGroup(known.why);
  const theirs: string[] = [];
  for (const each of behind) {
    if (!each.isKnown) return inNoGroup(`of a machine behind this agent: ${each.why}`);
    theirs.push(...each.facts.owners);
  }
  const { facts } = known;
  const why = whyNotActive(facts, settings);
  if (why !== undefined)
    throw new IdentityError(
      "agent_inactive",
      why,
      "activate the agent in Okta, and get a fresh access token",
    );
  const { owner, ...rest } = principal;
  const isUnnamed = principal.name === principal.client && facts.name !== undefined;
  return Object.freeze({
    ...rest,
    ...(isUnnamed ? { name: facts.name } : {}),
    ...ownersOf(facts, owner),
    ...withOwners(facts.owners, principal.owners, theirs),
    groups: facts.groups,
    groupsFrom: "okta",
  });
}
