import { agentsInChain, withOwners } from "../actor-chain.ts";
import { isClaimName } from "../checks/names.ts";
import { IdentityError } from "../error.ts";
import type { Principal, Role } from "../principal.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { readClaimedIdentity } from "./claimed-identity.ts";

/** Which clients people themselves come through, and which groups give which role. */
export interface PeopleRules {
  readonly peopleClients: readonly string[];
  /** Whose clients they are; left out: every provider's. */
  readonly peopleIssuers?: readonly string[];
  readonly roles: Readonly<Record<Role, readonly string[]>>;
}

/**
 * Who verified claims say somebody is.
 * - A person signed in through one of people's own clients: a person, with roles from groups.
 * - A machine by itself (a service app): an agent, with the groups that its token or the directory gives it; with none yet
 *   where Okta is to be asked.
 * - Any other token: an agent, which acts for a person or for a machine. A groups claim in it is the person's, and never
 *   the agent's: the agent's groups are the directory's. It has no roles.
 * @throws IdentityError token_claims when the claims fit none of these
 */
export function principalFromClaims(
  claims: Readonly<Record<string, unknown>>,
  provider: TrustedProvider,
  rules: PeopleRules,
): Principal {
  const who = readClaimedIdentity(claims);
  const { client, subject, uid, actors } = who;
  const { issuer } = provider;
  const claimed = groupsOf(claims, provider.groupsClaim);
  const stable = uid === undefined ? {} : { uid };

  if (who.isOwnSignIn && isPeoples(client, issuer, rules)) {
    const groups = claimed ?? [];
    return Object.freeze({
      kind: "person",
      issuer,
      subject,
      ...stable,
      client,
      name: subject,
      groups,
      groupsFrom: "token",
      actors,
      roles: rolesOf(groups, rules.roles),
    } satisfies Principal);
  }
  const entry = provider.directory.get(client);
  // A claim is the agent's own only where nobody but the agent stands in the token.
  const own = who.hasPerson || who.isDelegated ? undefined : claimed;
  const isAsked = provider.groupsFrom === "okta";
  const person = who.hasPerson ? { issuer, subject, ...stable, groups: claimed ?? [] } : undefined;
  const acting = person === undefined ? {} : { person };
  const behind = agentsInChain({ kind: "agent", client, subject, actors, ...acting });
  return Object.freeze({
    kind: "agent",
    issuer,
    subject,
    client,
    name: entry?.name ?? client,
    ...(entry?.owner === undefined ? {} : { owner: entry.owner }),
    ...withOwners(behind.flatMap((machine) => provider.directory.get(machine)?.owner ?? [])),
    groups: isAsked ? [] : (own ?? entry?.groups ?? []),
    groupsFrom: isAsked ? "okta" : own === undefined ? "directory" : "token",
    ...acting,
    actors,
    roles: [],
  } satisfies Principal);
}

/** Whether people themselves come through a client. A client id says nothing by itself: each provider has its own. */
export function isPeoples(
  client: string,
  issuer: string,
  { peopleClients, peopleIssuers }: Pick<PeopleRules, "peopleClients" | "peopleIssuers">,
): boolean {
  return peopleClients.includes(client) && (peopleIssuers === undefined || peopleIssuers.includes(issuer));
}

/** The groups claim: a list of strings or one string; undefined when the token has none. */
function groupsOf(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every(isClaimName)) {
    throw new IdentityError(
      "token_claims",
      "the access token's groups are not a list of names",
      `Security > API > Authorization Servers > the server > Claims > ${name}: value type Groups, or an expression that gives an array of texts`,
    );
  }
  return [...new Set(groups)];
}

/** The roles that groups give, in a fixed order. */
export function rolesOf(groups: readonly string[], roles: PeopleRules["roles"]): readonly Role[] {
  const names: readonly Role[] = ["reviewer", "operator", "auditor"];
  return names.filter((role) => roles[role].some((group) => groups.includes(group)));
}
