import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";
import { consoleClient } from "../identity/people.ts";

/**
 * A grant's holder as a configuration knows them. A directory is part of the configuration, so whoever had groups
 * from there has now what the directory says now, however long ago that was; groups that came in a token stay as
 * the token said. The owner is the directory's in any case.
 * @returns undefined when the issuer is not trusted
 */
export function requesterNow(requester: Requester, identity: IdentityConfiguration): Requester | undefined {
  const provider = identity.agents.find(({ issuer }) => issuer === requester.issuer);
  if (requester.kind === "person")
    return provider !== undefined || signsIn(requester, identity) ? requester : undefined;
  if (provider === undefined) return undefined;
  const entry = provider.directory.get(requester.client);
  const { owner: _, ...rest } = requester;
  return {
    ...rest,
    ...(entry?.owner === undefined ? {} : { owner: entry.owner }),
    groups: hasOwnGroups(requester) ? requester.groups : (entry?.groups ?? []),
  };
}

/** Whether a token gave an agent groups of its own: where others stand in it, they are not the agent's. */
function hasOwnGroups({ groupsFrom, person, actors }: Requester): boolean {
  return groupsFrom === "token" && person === undefined && actors.length === 0;
}

/** Whether a person came through a browser, by a way that is still open. SAML's issuer is in its metadata, not here. */
function signsIn(requester: Requester, { people }: IdentityConfiguration): boolean {
  if (requester.client !== consoleClient) return false;
  return people.oidc?.issuer === requester.issuer || people.saml !== undefined;
}
