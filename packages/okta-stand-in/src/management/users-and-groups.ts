import type { Group } from "../directory/directory.ts";
import type { Person } from "../options.ts";
import { notFound } from "./okta-error.ts";
import { change, get } from "./route.ts";
import type { Org, Route } from "./route.ts";

/** When everything was made: the stand-in keeps no such times. */
const longAgo = "2026-01-01T00:00:00.000Z";

function userOf({ settings, lifecycle }: Org, person: Person, isInactive: boolean) {
  const status = lifecycle.isSuspended(person.login) ? "SUSPENDED" : isInactive ? "DEPROVISIONED" : "ACTIVE";
  const [firstName, ...rest] = person.name.split(" ");
  return {
    id: person.uid,
    status,
    created: longAgo,
    lastUpdated: longAgo,
    profile: { firstName, lastName: rest.join(" "), login: person.login, email: person.email },
    _links: { self: { href: `${settings.origin}/api/v1/users/${person.uid}` } },
  };
}

/** A group as the management API has it. */
export function groupOf({ settings }: Org, group: Group) {
  return {
    id: group.id,
    created: longAgo,
    lastUpdated: longAgo,
    lastMembershipUpdated: longAgo,
    objectClass: ["okta:user_group"],
    type: "OKTA_GROUP",
    profile: { name: group.name, description: null },
    _links: { users: { href: `${settings.origin}/api/v1/groups/${group.id}/users` } },
  };
}

function personNamed(org: Org, id: string): Person {
  const person = org.directory.person(id);
  if (person === undefined) throw notFound(id, "User");
  return person;
}

function groupNamed(org: Org, id: string): Group {
  const group = org.directory.groups().find((one) => one.id === id);
  if (group === undefined) throw notFound(id, "UserGroup");
  return group;
}

const user = (org: Org, id: string) => {
  const person = personNamed(org, id);
  return userOf(org, person, org.isInactive(person.login));
};

const lifecycles: Record<string, (org: Org, login: string) => void> = {
  deactivate: ({ lifecycle }, login) => lifecycle.deactivate(login),
  activate: ({ lifecycle }, login) => lifecycle.activate(login),
  reactivate: ({ lifecycle }, login) => lifecycle.activate(login),
  suspend: ({ lifecycle }, login) => lifecycle.suspend(login),
  unsuspend: ({ lifecycle }, login) => lifecycle.unsuspend(login),
};

function setMember(org: Org, groupId: string, id: string, isMember: boolean): void {
  const group = groupNamed(org, groupId);
  const person = personNamed(org, id);
  const others = person.groups.filter((one) => one !== group.name);
  org.lifecycle.setGroups(person.login, isMember ? [...others, group.name] : others);
}

/** `/api/v1/users` and `/api/v1/groups`. */
export const userAndGroupRoutes: readonly Route[] = [
  get(/^\/api\/v1\/users$/, "okta.users.read", (org) =>
    org.settings.people.map((person) => userOf(org, person, org.isInactive(person.login))),
  ),
  get(/^\/api\/v1\/users\/([^/]+)$/, "okta.users.read", (org, { params: [id = ""] }) => user(org, id)),
  get(/^\/api\/v1\/users\/([^/]+)\/groups$/, "okta.users.read", (org, { params: [id = ""] }) =>
    personNamed(org, id).groups.map((name) => groupOf(org, org.directory.group(name) ?? { id: name, name })),
  ),
  change(
    "POST",
    /^\/api\/v1\/users\/([^/]+)\/lifecycle\/(deactivate|activate|reactivate|suspend|unsuspend)$/,
    "okta.users.manage",
    (org, { params: [id = "", word = ""] }) => {
      lifecycles[word]?.(org, personNamed(org, id).login);
      return { status: 200, body: {} };
    },
  ),
  change(
    "DELETE",
    /^\/api\/v1\/users\/([^/]+)\/sessions$/,
    "okta.users.manage",
    (org, { params: [id = ""] }) => {
      org.lifecycle.clearSessions(personNamed(org, id).login);
      return { status: 204 };
    },
  ),
  get(/^\/api\/v1\/groups$/, "okta.groups.read", (org, { query }) =>
    org.directory
      .groups()
      .filter((group) => group.name.startsWith(query.get("q") ?? ""))
      .map((group) => groupOf(org, group)),
  ),
  get(/^\/api\/v1\/groups\/([^/]+)$/, "okta.groups.read", (org, { params: [id = ""] }) =>
    groupOf(org, groupNamed(org, id)),
  ),
  change("DELETE", /^\/api\/v1\/groups\/([^/]+)$/, "okta.groups.manage", (org, { params: [id = ""] }) => {
    org.lifecycle.deleteGroup(groupNamed(org, id).name);
    return { status: 204 };
  }),
  get(/^\/api\/v1\/groups\/([^/]+)\/users$/, "okta.groups.read", (org, { params: [id = ""] }) =>
    org.directory
      .members(groupNamed(org, id).name)
      .map((person) => userOf(org, person, org.isInactive(person.login))),
  ),
  change(
    "PUT",
    /^\/api\/v1\/groups\/([^/]+)\/users\/([^/]+)$/,
    "okta.groups.manage",
    (org, { params: [group = "", id = ""] }) => {
      setMember(org, group, id, true);
      return { status: 204 };
    },
  ),
  change(
    "DELETE",
    /^\/api\/v1\/groups\/([^/]+)\/users\/([^/]+)$/,
    "okta.groups.manage",
    (org, { params: [group = "", id = ""] }) => {
      setMember(org, group, id, false);
      return { status: 204 };
    },
  ),
];
