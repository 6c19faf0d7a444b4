import type { App } from "../directory/directory.ts";
import { notFound } from "./okta-error.ts";
import { change, get } from "./route.ts";
import type { Org, Route } from "./route.ts";
import { groupOf } from "./users-and-groups.ts";

function appNamed(org: Org, id: string): App {
  const app = org.directory.app(id);
  if (app === undefined) throw notFound(id, "AppInstance");
  return app;
}

function appOf(org: Org, app: App) {
  const isActive = app.agent === undefined ? !org.isInactive(app.clientId) : app.agent.status === "ACTIVE";
  return {
    id: app.id,
    name: "oidc_client",
    label: app.label,
    status: isActive ? "ACTIVE" : "INACTIVE",
    signOnMode: "OPENID_CONNECT",
    profile: app.profile,
    credentials: { oauthClient: { client_id: app.clientId, token_endpoint_auth_method: "private_key_jwt" } },
    settings: { oauthClient: { application_type: app.agent === undefined ? "service" : "web" } },
    _links: { groups: { href: `${org.settings.origin}/api/v1/apps/${app.id}/groups` } },
  };
}

function setGroup(org: Org, id: string, groupId: string, isAssigned: boolean): void {
  const app = appNamed(org, id);
  const group = org.directory.groups().find((one) => one.id === groupId);
  if (group === undefined) throw notFound(groupId, "UserGroup");
  const others = app.groups.filter((one) => one !== group.name);
  org.lifecycle.setAppGroups(app.clientId, isAssigned ? [...others, group.name] : others);
}

/** `/api/v1/apps`. */
export const appRoutes: readonly Route[] = [
  get(/^\/api\/v1\/apps$/, "okta.apps.read", (org) => org.directory.apps().map((app) => appOf(org, app))),
  get(/^\/api\/v1\/apps\/([^/]+)$/, "okta.apps.read", (org, { params: [id = ""] }) =>
    appOf(org, appNamed(org, id)),
  ),
  get(/^\/api\/v1\/apps\/([^/]+)\/groups$/, "okta.apps.read", (org, { params: [id = ""], query }) =>
    // An assignment names the group by its id alone, unless the group itself is asked for.
    appNamed(org, id).groups.map((name, priority) => {
      const group = org.directory.group(name) ?? { id: name, name };
      const embedded = query.get("expand") === "group" ? { _embedded: { group: groupOf(org, group) } } : {};
      return { id: group.id, priority, profile: {}, ...embedded };
    }),
  ),
  change(
    "PUT",
    /^\/api\/v1\/apps\/([^/]+)\/groups\/([^/]+)$/,
    "okta.apps.manage",
    (org, { params: [id = "", group = ""] }) => {
      setGroup(org, id, group, true);
      return { status: 200, body: { id: group } };
    },
  ),
  change(
    "DELETE",
    /^\/api\/v1\/apps\/([^/]+)\/groups\/([^/]+)$/,
    "okta.apps.manage",
    (org, { params: [id = "", group = ""] }) => {
      setGroup(org, id, group, false);
      return { status: 204 };
    },
  ),
  change(
    "POST",
    /^\/api\/v1\/apps\/([^/]+)\/lifecycle\/(activate|deactivate)$/,
    "okta.apps.manage",
    (org, { params: [id = "", word] }) => {
      const app = appNamed(org, id);
      const subject = app.agent?.clientId ?? app.clientId;
      if (word === "activate") org.lifecycle.activate(subject);
      else org.lifecycle.deactivate(subject);
      return { status: 200, body: {} };
    },
  ),
];
