import { rolesOf } from "../tokens/principal-from-claims.ts";
import type { PeopleRules } from "../tokens/principal-from-claims.ts";
import type { Principal } from "../principal.ts";
import type { Memberships } from "./memberships.ts";

/** A principal without the groups that the provider has ended since it said them. */
export function withoutLeft(
  principal: Principal,
  asOf: number,
  memberships: Pick<Memberships, "still">,
  roles: PeopleRules["roles"],
): Principal {
  const { person } = principal;
  // The groups of a token that an agent shows for somebody are that person's; the agent's own are not people's groups.
  if (person?.groups !== undefined) {
    const groups = memberships.still(person, person.groups, asOf);
    return groups === person.groups
      ? principal
      : Object.freeze({ ...principal, person: { ...person, groups } });
  }
  if (principal.kind !== "person") return principal;
  const groups = memberships.still(principal, principal.groups, asOf);
  if (groups === principal.groups) return principal;
  return Object.freeze({ ...principal, groups, roles: rolesOf(groups, roles) });
}
