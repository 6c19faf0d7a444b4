import { isName } from "./checks/names.ts";
import { IdentityError } from "./error.ts";
import type { Principal, Role } from "./principal.ts";
import type { TrustedProvider } from "./provider.ts";

/** Which clients people themselves come through, and which groups give which role. */
export interface PeopleRules {
  readonly peopleClients: readonly string[];
  readonly roles: Readonly<Record<Role, readonly string[]>>;
}

/** More actors than this in a row is no delegation that anybody set up. */
const maxActors = 8;

/**
 * Who verified claims say somebody is.
 * - A service app has neither `uid` nor `act`; its `sub` is its `cid`: an agent.
 * - `uid`, through one of people's own clients and without `act`: a person, with roles from groups.
 * - `uid` through any other client, or `act`: an agent that acts for a person; it has no roles.
 * @throws IdentityError token_claims when the claims fit none of these
 */
export function principalFromClaims(
  claims: Readonly<Record<string, unknown>>,
  provider: TrustedProvider,
  rules: PeopleRules,
): Principal {
  const subject = String(claims["sub"]);
  const client = String(claims["cid"]);
  const { issuer } = provider;
  const hasUid = Object.hasOwn(claims, "uid");
  const delegated = Object.hasOwn(claims, "act");
  const actors = actorsOf(claims["act"]);
  const claimed = groupsOf(claims, provider.groupsClaim);

  if (hasUid && !delegated && rules.peopleClients.includes(client)) {
    const groups = claimed ?? [];
    return Object.freeze({
      kind: "person",
      issuer,
      subject,
      client,
      name: subject,
      groups,
      groupsFrom: "token",
      actors,
      roles: rolesOf(groups, rules.roles),
    } satisfies Principal);
  }
  const forPerson = hasUid || (delegated && subject !== client);
  if (!forPerson && subject !== client) {
    throw new IdentityError("token_claims", "the access token's subject is neither its client nor a person");
  }
  const entry = provider.directory.get(client);
  return Object.freeze({
    kind: "agent",
    issuer,
    subject,
    client,
    name: entry?.name ?? client,
    ...(entry?.owner === undefined ? {} : { owner: entry.owner }),
    groups: claimed ?? entry?.groups ?? [],
    groupsFrom: claimed === undefined ? "directory" : "token",
    ...(forPerson ? { person: { issuer, subject } } : {}),
    actors,
    roles: [],
  } satisfies Principal);
}

/** The groups claim: a list of strings or one string; undefined when the token has none. */
function groupsOf(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every(isName)) {
    throw new IdentityError("token_claims", "the access token's groups are not a list of names");
  }
  return [...new Set(groups)];
}

/** The subjects of an `act` chain, nearest actor first (RFC 8693, section 4.1). */
function actorsOf(act: unknown): readonly string[] {
  const actors: string[] = [];
  let next = act;
  while (next !== undefined) {
    if (typeof next !== "object" || next === null || Array.isArray(next) || actors.length >= maxActors) {
      throw new IdentityError("token_claims", "the access token's chain of actors (act) is not usable");
    }
    const { sub, act: further } = next as { sub?: unknown; act?: unknown };
    if (!isName(sub))
      throw new IdentityError("token_claims", "an actor of the access token (act) has no sub");
    actors.push(sub);
    next = further;
  }
  return actors;
}

/** The roles that groups give, in a fixed order. */
export function rolesOf(groups: readonly string[], roles: PeopleRules["roles"]): readonly Role[] {
  const names: readonly Role[] = ["reviewer", "operator", "auditor"];
  return names.filter((role) => roles[role].some((group) => groups.includes(group)));
}
