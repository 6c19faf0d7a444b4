import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";

/**
 * The groups that a grant's holder has under a new configuration. A directory is part of the configuration, so
 * whoever had its groups from there has now what the directory says now; groups that came in a token stay as the
 * token said. An issuer that is no longer trusted leaves nobody any group.
 */
export function groupsNow(requester: Requester, before: IdentityConfiguration, after: IdentityConfiguration): readonly string[] {
  const providerNow = after.agents.find(({ issuer }) => issuer === requester.issuer);
  if (providerNow === undefined) return [];
  const entryBefore = before.agents.find(({ issuer }) => issuer === requester.issuer)?.directory.get(requester.client);
  const fromDirectory = entryBefore !== undefined && sameMembers(entryBefore.groups, requester.groups);
  if (!fromDirectory) return requester.groups;
  return providerNow.directory.get(requester.client)?.groups ?? [];
}

function sameMembers(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}
