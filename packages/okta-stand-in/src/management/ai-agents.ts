import { randomUUID } from "node:crypto";
import { linkedAppId } from "../directory/directory.ts";
import { oktaId } from "../directory/okta-id.ts";
import type { RegisteredAgent } from "../registered-agent.ts";
import { notFound, OktaApiError } from "./okta-error.ts";
import { change, get } from "./route.ts";
import type { Org, Route } from "./route.ts";

const base = "/workload-principals/api/v1";

/** The org in resource names. */
const orgId = "00oStandIn";

const agentOrn = (clientId: string): string =>
  `orn:okta:directory:${orgId}:workload-principals:ai-agents:${clientId}`;

function agentNamed(org: Org, id: string): RegisteredAgent {
  const agent = org.directory.agent(id);
  if (agent === undefined) throw notFound(id, "AIAgent");
  return agent;
}

function agentOf(org: Org, agent: RegisteredAgent) {
  const app = linkedAppId(agent);
  const filter = encodeURIComponent(`to.resourceOrn eq "${agentOrn(agent.clientId)}"`);
  return {
    id: agent.clientId,
    status: agent.status,
    profile: { name: agent.name, description: agent.description },
    oauthClient: { clientId: agent.clientId },
    ...(app === undefined ? {} : { signOnProvider: { appInstanceId: app } }),
    externalId: "",
    platform: "",
    _links: {
      self: { href: `${org.settings.origin}${base}/ai-agents/${agent.clientId}` },
      delegationLinks: { href: `${org.settings.origin}${base}/delegation-links?filter=${filter}` },
    },
  };
}

function connectionsOf(org: Org, agent: RegisteredAgent) {
  return agent.connections.map((connection) => {
    const id = oktaId("mcn", `${agent.clientId} ${connection.resource}`);
    return {
      id,
      orn: `orn:okta:idp:${orgId}:connections:${id}`,
      connectionType: "IDENTITY_ASSERTION_CUSTOM_AS",
      status: connection.status ?? "ACTIVE",
      ...(connection.resource === undefined ? {} : { resourceIndicator: connection.resource }),
      authorizationServer: { name: org.settings.path, issuerUrl: org.settings.issuer },
      scopeCondition: "INCLUDE_ONLY",
      scopes: connection.scopes,
    };
  });
}

/** Operations that were begun; the stand-in's are done at once. */
const operations = new WeakMap<Org, Map<string, string>>();

function begin(org: Org, clientId: string): string {
  const known = operations.get(org) ?? new Map<string, string>();
  operations.set(org, known);
  const id = randomUUID();
  known.set(id, clientId);
  return id;
}

/** Whom a resource is owned by, from a filter `parentResourceOrn eq "…"`. */
function ownersOf(org: Org, filter: string) {
  const orn = /^parentResourceOrn eq "([^"]+)"$/.exec(filter)?.[1];
  if (orn === undefined) throw new OktaApiError(400, "E0000031", `Invalid search criteria: ${filter}`);
  const id = orn.split(":").at(-1) ?? "";
  const logins = org.directory.agent(id)?.owners ?? org.directory.service(id)?.owners;
  if (logins === undefined) throw notFound(orn, "Resource");
  const principals = logins.flatMap((login) => {
    const person = org.directory.person(login);
    const profile = { name: person?.name, email: person?.email };
    return person === undefined
      ? []
      : [
          {
            orn: `orn:okta:directory:${orgId}:users:${person.uid}`,
            id: person.uid,
            type: "OKTA_USER",
            profile,
          },
        ];
  });
  return [{ parentResourceOrn: orn, resource: { orn }, principals }];
}

/** The API of registered AI agents (beta), and who owns them. */
export const agentRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/workload-principals\/api\/v1\/ai-agents$/,
    demand: { scope: "okta.aiAgents.read", superAdmin: true },
    handle: (org) => ({
      list: org.settings.registeredAgents.map((agent) => agentOf(org, agent)),
      enveloped: true,
    }),
  },
  get(
    /^\/workload-principals\/api\/v1\/ai-agents\/([^/]+)$/,
    "okta.aiAgents.read",
    (org, { params: [id = ""] }) => agentOf(org, agentNamed(org, id)),
    true,
  ),
  {
    method: "GET",
    path: /^\/workload-principals\/api\/v1\/ai-agents\/([^/]+)\/connections$/,
    demand: { scope: "okta.aiAgents.read", superAdmin: true },
    handle: (org, { params: [id = ""] }) => ({
      list: connectionsOf(org, agentNamed(org, id)),
      enveloped: true,
    }),
  },
  change(
    "POST",
    /^\/workload-principals\/api\/v1\/ai-agents\/([^/]+)\/lifecycle\/(activate|deactivate)$/,
    "okta.aiAgents.manage",
    (org, { params: [id = "", word] }) => {
      const agent = agentNamed(org, id);
      org.lifecycle.setStatus(agent.clientId, word === "activate" ? "ACTIVE" : "INACTIVE");
      const operation = `${org.settings.origin}${base}/operations/${begin(org, agent.clientId)}`;
      return { status: 202, headers: { location: operation } };
    },
    true,
  ),
  get(
    /^\/workload-principals\/api\/v1\/operations\/([^/]+)$/,
    "okta.aiAgents.read",
    (org, { params: [id = ""] }) => {
      const agent = operations.get(org)?.get(id);
      if (agent === undefined) throw notFound(id, "Operation");
      return { id, status: "COMPLETED", resource: { id: agent, type: "AI_AGENT" } };
    },
    true,
  ),
  {
    method: "GET",
    path: /^\/governance\/api\/v1\/resource-owners$/,
    demand: { scope: "okta.governance.resourceOwner.read" },
    handle: (org, { query }) => ({ list: ownersOf(org, query.get("filter") ?? ""), enveloped: true }),
  },
];
