import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";

/**
 * A grant's holder as a new configuration knows them. A directory is part of the configuration, so whoever had
 * groups from there has now what the directory says now; groups that came in a token stay as the token said.
 * @returns undefined when the issuer is no longer trusted
 */
export function requesterNow(
  requester: Requester,
  before: IdentityConfiguration,
  after: IdentityConfiguration,
): Requester | undefined {
  const provider = after.agents.find(({ issuer }) => issuer === requester.issuer);
  if (provider === undefined) return undefined;
  const entry = before.agents
    .find(({ issuer }) => issuer === requester.issuer)
    ?.directory.get(requester.client);
  const hadThemFromDirectory = entry !== undefined && sameMembers(entry.groups, requester.groups);
  if (!hadThemFromDirectory) return requester;
  return { ...requester, groups: provider.directory.get(requester.client)?.groups ?? [] };
}

function sameMembers(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}
