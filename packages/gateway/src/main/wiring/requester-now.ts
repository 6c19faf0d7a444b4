import type { IdentityConfiguration } from "../../configuration/types.ts";
import type { Requester } from "../../grants/types.ts";
import type { Memberships } from "../../identity/memberships/memberships.ts";
import type { CutOffs } from "../../identity/signals/cut-offs.ts";
import { saidAtProvider } from "../../identity/signals/subjects.ts";
import { agentsInChain, withOwners } from "../../identity/actor-chain.ts";
import { consoleClient } from "../../identity/people.ts";
import { providerHolder } from "./identity/provider-holder.ts";

/** What is known of an agent now, from elsewhere than the directory; or why nothing is that may be decided by. */
export type AgentNow =
  | { readonly groups: readonly string[]; readonly owner?: string; readonly owners?: readonly string[] }
  | { readonly unknown: string };

/** What is known of requesters at run time, beside the configuration. */
export interface KnownNow {
  /** Groups that people have left since a token said theirs. */
  readonly memberships?: Pick<Memberships, "still">;
  /** What the provider has ended: whoever it was issued to before that is nobody. */
  readonly cutOffs?: Pick<CutOffs, "reasonAgainst">;
  /**
   * An agent's groups and owners, where they come from elsewhere than the directory; undefined where they do not. Left
   * out: the directory of the configuration.
   */
  readonly agent?: (issuer: string, client: string) => AgentNow | undefined;
  /** Learns anew what `agent` says; never rejects. Left out: there is nothing to learn. */
  readonly learn?: (requester: Requester) => Promise<void>;
}

/**
 * A grant's holder as is known now. A directory is part of the configuration, so whoever had groups from there has now
 * what the directory says now, however long ago that was; groups that came in a token stay as the token said, but for
 * those that the provider has ended since. Groups from Okta's API are what it said last; where that is too old to decide
 * by, the requester's own stand, marked as not known. The owner is the directory's in any case.
 * @returns undefined when the issuer is not trusted, or the provider has ended them since
 */
export function requesterNow(
  requester: Requester,
  identity: IdentityConfiguration,
  known: KnownNow = {},
): Requester | undefined {
  if (withdrawnNow(requester, identity, known) !== undefined) return undefined;
  const provider = identity.agents.find(({ issuer }) => issuer === requester.issuer);
  if (requester.kind === "person") {
    if (provider === undefined && !signsIn(requester, identity)) return undefined;
    const groups = still(requester, requester.groups, requester, known);
    return groups === requester.groups ? requester : { ...requester, groups };
  }
  if (provider === undefined) return undefined;
  const { issuer, client, person } = requester;
  const its =
    person?.groups === undefined
      ? {}
      : { person: { ...person, groups: still(person, person.groups, requester, known) } };
  const elsewhere = known.agent?.(issuer, client);
  if (elsewhere !== undefined && "unknown" in elsewhere)
    return { ...requester, ...its, groupsUnknown: elsewhere.unknown };
  const entry: Exclude<AgentNow, { unknown: string }> | undefined =
    elsewhere ?? provider.directory.get(client);
  const { owner: _owner, owners: _owners, ...rest } = requester;
  const isTokens = elsewhere === undefined && hasOwnGroups(requester);
  return {
    ...rest,
    ...(entry?.owner === undefined ? {} : { owner: entry.owner }),
    ...withOwners(entry?.owners, ownersBehind(requester, identity, known)),
    groups: isTokens ? requester.groups : (entry?.groups ?? []),
    ...its,
  };
}

/** Why the provider has ended what a requester holds; undefined where it has not. */
export function withdrawnNow(
  requester: Requester,
  identity: IdentityConfiguration,
  { cutOffs }: KnownNow,
): string | undefined {
  return cutOffs?.reasonAgainst(providerHolder(requester, identity), requester.groupsAsOf);
}

/**
 * Who owns the machines behind an agent: by any provider's directory, for a machine may be listed with another server of
 * its org, and by Okta's last answer. Taking too many for owners only ever refuses more.
 */
function ownersBehind(
  requester: Requester,
  { agents }: IdentityConfiguration,
  { agent }: KnownNow,
): readonly string[] {
  return agentsInChain(requester).flatMap((machine) => {
    const listed = agents.flatMap(({ directory }) => directory.get(machine)?.owner ?? []);
    const now = agent?.(requester.issuer, machine);
    if (now === undefined || "unknown" in now) return listed;
    return [...listed, ...(now.owner === undefined ? [] : [now.owner]), ...(now.owners ?? [])];
  });
}

/** A requester without the groups that the person has left since: a person who asks, or the one behind an agent. */
export function inGroupsStill(requester: Requester, known: Pick<KnownNow, "memberships">): Requester {
  const { kind, groups, person } = requester;
  if (kind === "person") return { ...requester, groups: still(requester, groups, requester, known) };
  if (person?.groups === undefined) return requester;
  return { ...requester, person: { ...person, groups: still(person, person.groups, requester, known) } };
}

/** The groups that somebody has not left since; of when they were said is unknown, any leaving counts. */
function still(
  member: { readonly issuer: string; readonly subject: string; readonly uid?: string },
  groups: readonly string[],
  requester: Requester,
  { memberships }: Pick<KnownNow, "memberships">,
): readonly string[] {
  return memberships?.still(member, groups, saidAtProvider(requester, requester.groupsAsOf)) ?? groups;
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
