import type { Principal, Role } from "../identity/principal.ts";

/** Who may call: any principal of that kind, or a person with that role. */
export type Caller = "agent" | "person" | Role;

const everyPrincipal: readonly Caller[] = ["agent", "person"];

/**
 * Who may call what. The one table: an endpoint without a row does not compile, and a test walks every row with
 * every caller. `open` needs no token. Which requests and grants somebody may see is for `grants` to say.
 */
export const roleTable = {
  "GET /v1/me": everyPrincipal,
  "GET /v1/sign-in": "open",
  "GET /v1/session": ["person"],
  "DELETE /v1/session": ["person"],
  // Operators see and end everybody's; the others their own.
  "GET /v1/sessions": ["person"],
  "DELETE /v1/sessions": ["person"],
  "DELETE /v1/sessions/{id}": ["person"],
  "GET /v1/operations": everyPrincipal,
  "POST /v1/requests": everyPrincipal,
  "GET /v1/requests": everyPrincipal,
  "GET /v1/requests/{id}": everyPrincipal,
  "DELETE /v1/requests/{id}": everyPrincipal,
  // Of requests that the caller may see; denied acts, for whoever may decide. See grants/requests/background.ts.
  "GET /v1/requests/{id}/background": ["reviewer", "operator", "auditor"],
  "GET /v1/agents": ["reviewer", "operator", "auditor"],
  "GET /v1/inbox": ["reviewer"],
  "POST /v1/requests/{id}/approve": ["reviewer"],
  "POST /v1/requests/{id}/refuse": ["reviewer"],
  "POST /v1/requests/{id}/review": ["reviewer", "operator"],
  "GET /v1/grants": everyPrincipal,
  "GET /v1/grants/{id}": everyPrincipal,
  "POST /v1/grants/{id}/secret": everyPrincipal,
  // And, without a token, whoever proves the grant's secret. See proven-holder.ts.
  "POST /v1/grants/{id}/lease": everyPrincipal,
  "DELETE /v1/grants/{id}": everyPrincipal,
  "POST /v1/grants/{id}/revoke": ["operator"],
  "POST /v1/grants/revoke": ["operator"],
  "GET /v1/live": ["operator", "auditor"],
  "GET /v1/overview": ["operator", "auditor"],
  // What of it somebody sees, event-filter.ts says.
  "GET /v1/events": everyPrincipal,
  "GET /v1/reach": ["reviewer", "operator", "auditor"],
  "GET /v1/connections": ["reviewer", "operator", "auditor"],
  "GET /v1/lockdown": everyPrincipal,
  "PUT /v1/lockdown": ["operator"],
  "DELETE /v1/lockdown": ["operator"],
  // A probe is offered by an operator, and made by whoever is to have no other way than the gateway.
  "POST /v1/probes": ["operator"],
  "GET /v1/probes": ["operator", "auditor"],
  "POST /v1/probes/start": everyPrincipal,
  "POST /v1/probes/report": everyPrincipal,
  "GET /v1/audit/records": ["operator", "auditor"],
  "GET /v1/audit/logs": ["operator", "auditor"],
  "POST /v1/audit/logs/retire": ["operator"],
  "GET /v1/audit/export": ["operator", "auditor"],
  "GET /v1/audit/histogram": ["operator", "auditor"],
  "GET /v1/audit/proofs": ["operator", "auditor"],
  "GET /v1/audit/payloads/{digest}": ["operator", "auditor"],
  "GET /v1/audit/checkpoint": ["operator", "auditor"],
  "GET /v1/audit/key": everyPrincipal,
  // Browsers come here without anything; what they bring back from the provider is what is verified.
  "GET /sign-in/oidc": "open",
  "GET /sign-in/oidc/callback": "open",
  "POST /sign-in/oidc/back-channel-logout": "open",
  "GET /sign-in/saml": "open",
  "POST /sign-in/saml/acs": "open",
  "GET /sign-in/saml/metadata": "open",
  "GET /v1/webhooks/deliveries": ["operator"],
  "POST /v1/webhooks/deliveries/{id}/replay": ["operator"],
  // A signature of the org's lets these in: see identity/signals/.
  "POST /v1/signals/global-token-revocation": "open",
  "POST /v1/signals/ssf": "open",
  // Slack's signature lets it in: see notifications/slack/interactions.ts.
  "POST /slack/interactions": "open",
  // The hook's secret lets it in; Okta's check of the URL comes without one: see signals/event-hook.ts.
  "GET /v1/signals/event-hook": "open",
  "POST /v1/signals/event-hook": "open",
  // Each tool says what its caller may do; a cookie lets nobody in.
  "POST /mcp": everyPrincipal,
  "GET /v1/ca": "open",
  "GET /openapi.json": "open",
  // What a configuration of this version can say, and nothing of the one in force.
  "GET /schema/mayfly.json": "open",
  "GET /schema/included.json": "open",
  "GET /.well-known/oauth-protected-resource": "open",
  "GET /.well-known/oauth-protected-resource/mcp": "open",
  "GET /.well-known/oauth-authorization-server": "open",
  "GET /.well-known/oauth-authorization-server/mcp": "open",
  // What it hands out is no secret; see identity/mcp-clients/.
  "POST /oauth/register": "open",
  "GET /healthz": "open",
  // The console's pages and their files: what they show, they ask for with the session of whoever looks.
  "GET /": "open",
  "GET /sign-in": "open",
  "GET /overview": "open",
  "GET /inbox": "open",
  "GET /emergencies": "open",
  "GET /requests/{id}": "open",
  "GET /live": "open",
  "GET /agents/{id}": "open",
  "GET /activity": "open",
  "GET /reach": "open",
  "GET /connections": "open",
  "GET /integrity": "open",
  "GET /sessions": "open",
  "GET /assets/{file}": "open",
  "GET /readyz": "open",
  // And, without a token, from the loopback address: a scraper has no person's token. See health.ts.
  "GET /metrics": ["operator", "auditor"],
} as const satisfies Readonly<Record<string, readonly Caller[] | "open">>;

/** `METHOD /path/{parameter}`, as in the table. */
export type EndpointId = keyof typeof roleTable;

/** What a principal counts as. An agent has no roles, whatever its groups. */
export function callersOf(principal: Principal): readonly Caller[] {
  return principal.kind === "agent" ? ["agent"] : ["person", ...principal.roles];
}

/** Whether a principal may call an endpoint. */
export function mayCall(id: EndpointId, principal: Principal): boolean {
  const row: readonly Caller[] | "open" = roleTable[id];
  return row === "open" || callersOf(principal).some((caller) => row.includes(caller));
}
