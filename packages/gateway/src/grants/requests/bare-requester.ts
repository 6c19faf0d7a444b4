import type { Requester } from "../types.ts";

/** The members of a principal that grants need; nothing else is stored. */
export function bareRequester(requester: Requester): Requester {
  const { kind, issuer, subject, uid, uidFrom, client, name, owner } = requester;
  const { owners, groups, groupsFrom, groupsAsOf, person, actors } = requester;
  return {
    kind,
    issuer,
    subject,
    ...(uid === undefined ? {} : { uid }),
    ...(uidFrom === undefined ? {} : { uidFrom }),
    client,
    name,
    ...(owner === undefined ? {} : { owner }),
    ...(owners === undefined ? {} : { owners: [...owners] }),
    groups: [...groups],
    ...(groupsFrom === undefined ? {} : { groupsFrom }),
    ...(groupsAsOf === undefined ? {} : { groupsAsOf }),
    ...(person === undefined ? {} : { person: barePerson(person) }),
    actors: [...actors],
  };
}

function barePerson({
  issuer,
  subject,
  uid,
  groups,
}: NonNullable<Requester["person"]>): NonNullable<Requester["person"]> {
  return {
    issuer,
    subject,
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
  };
}
