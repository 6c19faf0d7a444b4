import { isPeoples, type PeopleRules } from "../tokens/principal-from-claims.ts";
import type { Principal } from "../principal.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";

/** Remarks on an accepted token; most say why its holder may request nothing. */
export function notesOn(
  claims: Readonly<Record<string, unknown>>,
  who: Principal | undefined,
  provider: TrustedProvider | undefined,
  rules: PeopleRules,
): readonly string[] {
  const { peopleClients } = rules;
  if (who === undefined || provider === undefined) return [];
  const { client, kind, groups, groupsFrom } = who;
  const isDelegated = Object.hasOwn(claims, "act");
  const notes: string[] = [];
  if (Object.hasOwn(claims, "cnf"))
    notes.push(
      "it is bound to a key: each call must bring a proof by that key in the header DPoP, as the mayfly command and the SDK do; a client that cannot uses the grant's secret. For tokens that are bound to nothing, clear General > General Settings > Require Demonstrating Proof of Possession (DPoP) header in token requests of the app",
    );
  if (groupsFrom === "okta" && who.groupsUnknown !== undefined)
    notes.push(
      `its groups are Okta's to say (groups_from: okta), and are not known here: ${who.groupsUnknown}`,
    );
  else if (groupsFrom === "okta" && groups.length === 0)
    notes.push(
      `no groups: in Okta, assign groups to the agent's app (Applications > the app > Assignments > Assign to Groups), or name them in the attribute of okta_api.groups`,
    );
  else if (kind === "agent" && groups.length === 0)
    notes.push(
      groupsFrom === "token"
        ? `the claim ${provider.groupsClaim} says that it is in no group, and what a service app's claim says counts before the directory`
        : `no groups: add the agent to the configuration, identity.agents.directory: { ${client}: { name: …, groups: [support-agents] } }`,
    );
  if (kind === "person" && groups.length === 0)
    notes.push(
      `no groups: Security > API > Authorization Servers > the server > Claims: add ${provider.groupsClaim}, in Access Token, value type Groups, with a filter, included in any scope`,
    );
  if (who.person !== undefined && !isDelegated)
    notes.push(
      peopleClients.length === 0
        ? `nobody signs in by themselves here (identity.people.clients is empty): the client ${client} is taken for an agent that acts for this person`
        : peopleClients.includes(client)
          ? `the client ${client} is one of people's, but not at this issuer: it is taken for an agent that acts for this person; if people sign in by it themselves, the issuer belongs in identity.people.issuers`
          : `the client ${client} is taken for an agent that acts for this person; if people sign in by it themselves, it belongs in identity.people.clients`,
    );
  if (isDelegated && isPeoples(client, who.issuer, rules))
    notes.push(
      `the client ${client} is an agent's and stands in identity.people.clients: its plain sign-in counts as a person with roles. Take it out, and let people sign in by an app of their own`,
    );
  if (who.person?.groups !== undefined && who.person.groups.length > 0)
    notes.push(
      `the claim ${provider.groupsClaim} holds the person's groups; the agent's own are from the directory`,
    );
  return notes;
}
