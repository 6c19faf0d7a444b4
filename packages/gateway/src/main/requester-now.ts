import type { IdentityConfiguration } from "../configuration/types.ts";
import type { Requester } from "../grants/types.ts";

/**
 * A grant's holder as a configuration knows them. A directory is part of the configuration, so whoever had groups
 * from there has now what the directory says now, however long ago that was; groups that came in a token stay as
 * the token said. The owner is the directory's in any case.
 * @returns undefined when the issuer is not trusted
 */
export function requesterNow(requester: Requester, identity: IdentityConfiguration): Requester | undefined {
  const provider = identity.agents.find(({ issuer }) => issuer === requester.issuer);
  if (provider === undefined) return undefined;
  if (requester.kind === "person") return requester;
  const entry = provider.directory.get(requester.client);
  const { owner: _, ...rest } = requester;
  return {
    ...rest,
    ...(entry?.owner === undefined ? {} : { owner: entry.owner }),
    groups: requester.groupsFrom === "token" ? requester.groups : (entry?.groups ?? []),
  };
}
