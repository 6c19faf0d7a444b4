import { minute } from "../../../packages/gateway/src/grants/testing/harness.ts";
import { mcpClientsOf, scopesOf } from "../../../packages/gateway/src/main/wiring/identity/mcp-clients.ts";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { mayCall } from "../../../packages/gateway/src/api/roles.ts";
import { ellipticKey, verify, verifying } from "../acts/agents.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";

const at = (...member: (string | number)[]): (string | number)[] => ["identity", ...member];
const agentAt = (...member: (string | number)[]): (string | number)[] => at("agents", ...member);

const provider = {
  issuer: "http://127.0.0.1:{{port}}/oauth2/aus1",
  audience: "api://mayfly",
  allow_insecure_loopback: true,
};
/** A second provider, of another org. */
const partner = { issuer: "https://partner.example/oauth2/aus2", audience: "api://mayfly" };
const introspection = {
  client_id: "gateway",
  client_secret: { env: "SECRET" },
  every: "5s",
};
/** Writes another provider of agents. */
const agents =
  (more: Document = {}, roles?: Document) =>
  (document: Document): void => {
    document.identity.agents = { ...provider, ...structuredClone(more) };
    document.identity.people = { clients: ["0oacli"] };
    document.identity.roles = roles;
  };
const bot = { name: "support-bot", owner: "owner@example.com", groups: ["support-agents"] };
const inDirectory = { directory: { "0oabot": bot } };

/** A token that the provider has withdrawn. */
const withdrawn = (act: "now" | "while a session lives"): Act =>
  verifying(async ({ identity, provider: okta, clock }) => {
    const token = okta.token(clock.wall());
    if (act === "now") {
      okta.revoked.add(token);
      await identity.verify(token, { introspect: true });
      return "passed";
    }
    const { principal } = await identity.verify(token);
    const ended: string[] = [];
    identity.watch(principal, (reason) => ended.push(`withdrawn | ${reason}`));
    okta.revoked.add(token);
    clock.advance(2 * minute);
    // The provider is asked over a socket: it answers once for each look.
    for (let turn = 0; turn < 200 && ended.length === 0; turn++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return ended[0] ?? "passed";
  });

const ofAgents: readonly Case[] = [
  {
    at: ["identity"],
    narrow: undefined,
    wide: { agents: { issuer: "https://example.okta.com/oauth2/aus1", audience: "api://mayfly" } },
    refused: /^configuration \| identity is missing/,
    act: loads,
  },
  {
    at: agentAt(),
    narrow: { ...provider, issuer: `${provider.issuer}other` },
    wide: [provider],
    refused: /^token_issuer \|/,
    act: verify(),
  },
  {
    at: agentAt("issuer"),
    narrow: `${provider.issuer}other`,
    wide: provider.issuer,
    refused: /^token_issuer \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("audience"),
    narrow: "api://other",
    wide: "api://mayfly",
    refused: /^token_audience \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("audience"),
    narrow: "api://other",
    wide: ["api://other", "api://mayfly"],
    refused: /^token_audience \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("audience"),
    narrow: ["api://other", "https://mayfly.internal"],
    wide: "api://mayfly",
    refused: /^token_audience \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("scopes"),
    narrow: ["other"],
    wide: ["mayfly"],
    refused: /^other$/,
    passes: /^mayfly$/,
    act: async (load) => scopesOf((await load()).configuration).join(" "),
    base: agents(),
  },
  {
    at: agentAt("groups_claim"),
    narrow: "teams",
    wide: "groups",
    refused: /^in no group$/,
    passes: /^in sre$/,
    act: verify({ groups: ["sre"] }, ({ groups }) => `in ${groups.join(" ") || "no group"}`),
    base: agents(),
  },
  {
    at: agentAt("algorithms"),
    narrow: ["RS256"],
    wide: ["RS256", "ES256"],
    refused: /^token_algorithm \|/,
    act: verifying(async ({ identity, provider: okta, clock }) => {
      await identity.verify(okta.token(clock.wall(), {}, {}, ellipticKey));
      return "passed";
    }),
    base: agents(),
  },
  {
    at: agentAt("algorithms"),
    narrow: ["ES256"],
    wide: ["RS256", "ES256"],
    refused: /^token_algorithm \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("directory"),
    narrow: undefined,
    wide: { "0oabot": bot },
    refused: /^0oabot of nobody in no group$/,
    passes: /^support-bot of owner@example.com in support-agents$/,
    act: verify(
      {},
      ({ name, owner, groups }) => `${name} of ${owner ?? "nobody"} in ${groups[0] ?? "no group"}`,
    ),
    base: agents(),
  },
  {
    at: agentAt("directory", "0oabot", "name"),
    narrow: "another",
    wide: "support-bot",
    refused: /^another$/,
    passes: /^support-bot$/,
    act: verify({}, ({ name }) => name),
    base: agents(inDirectory),
  },
  {
    at: agentAt("directory", "0oabot", "owner"),
    narrow: "pat@example.com",
    wide: "owner@example.com",
    refused: /^pat@example.com$/,
    passes: /^owner@example.com$/,
    act: verify({}, ({ owner }) => owner ?? "nobody"),
    base: agents(inDirectory),
  },
  {
    at: agentAt("directory", "0oabot", "groups"),
    narrow: [],
    wide: ["support-agents"],
    refused: /^in no group$/,
    passes: /^in support-agents$/,
    act: verify({}, ({ groups }) => `in ${groups[0] ?? "no group"}`),
    base: agents(inDirectory),
  },
  {
    at: agentAt("dpop"),
    narrow: "require",
    wide: "accept",
    refused: /^token_unbound \|/,
    act: verify(),
    base: agents(),
  },
  {
    at: agentAt("outage"),
    narrow: "1m",
    wide: "7d",
    refused: /^\w+ \|.*keys/,
    act: verifying(async ({ identity, provider: okta, clock }) => {
      await identity.warm();
      okta.down = true;
      clock.advance(26 * 60 * minute);
      await identity.verify(okta.token(clock.wall()));
      return "passed";
    }),
    base: agents(),
  },
  {
    at: agentAt("introspection"),
    narrow: introspection,
    wide: undefined,
    refused: /^token_inactive \|/,
    act: withdrawn("now"),
    base: agents(),
  },
  ...(
    [
      ["client_id", "somebody"],
      ["client_secret", { env: "WRONG" }],
    ] as const
  ).map(([member, narrow]) => ({
    at: agentAt("introspection", member),
    narrow,
    wide: introspection[member],
    refused: /^introspection_unavailable \|/,
    act: verifying(async ({ identity, provider: okta, clock }) => {
      await identity.verify(okta.token(clock.wall()), { introspect: true });
      return "passed";
    }),
    base: agents({ introspection }),
  })),
  {
    at: agentAt("introspection", "every"),
    narrow: "5s",
    wide: "1h",
    refused: /^withdrawn \|/,
    act: withdrawn("while a session lives"),
    base: agents({ introspection }),
  },
  {
    at: agentAt("reverify"),
    narrow: "1m",
    wide: "1h",
    refused: /^token_stale \| the last proof that 0oabot is still good is 2m old/,
    act: verifying(async ({ identity, provider: okta, clock }) => {
      const token = okta.token(clock.wall());
      await identity.verify(token);
      clock.advance(2 * minute);
      await identity.verify(token);
      return "passed";
    }),
    base: agents(),
  },
  {
    at: agentAt("ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: /^\w+ \|.*keys/,
    act: verify({}, undefined, "tls"),
    base: agents({ issuer: provider.issuer.replace("http:", "https:") }),
  },
  {
    at: agentAt("allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: /^configuration \| this must start with https:\/\//,
    act: loads,
    base: agents({ issuer: "http://127.0.0.1:9/oauth2/aus1" }),
  },
];

const asPerson = { sub: "rosa@example.com", uid: "00urosa", cid: "0oacli", groups: ["sre"] };
/** Whether a person in that group may call an endpoint of one role's. */
const mayDo = (endpoint: Parameters<typeof mayCall>[0]): Act =>
  verify(asPerson, (principal) => (mayCall(endpoint, principal) ? "passed" : "roles | not theirs to call"));

const ofPeople: readonly Case[] = [
  {
    at: at("people", "clients"),
    narrow: [],
    wide: ["0oacli"],
    refused: /^agent$/,
    passes: /^person$/,
    act: verify(asPerson, ({ kind }) => kind),
    base: agents(),
  },
  {
    at: at("people", "issuers"),
    narrow: [partner.issuer],
    wide: [provider.issuer],
    refused: /^agent$/,
    passes: /^person$/,
    act: verify(asPerson, ({ kind }) => kind),
    base(document) {
      agents()(document);
      document.identity.agents = [{ ...provider }, { ...partner }];
    },
  },
  ...(
    [
      ["reviewer", "GET /v1/inbox"],
      ["operator", "PUT /v1/lockdown"],
      ["auditor", "GET /v1/audit/records"],
    ] as const
  ).map(([role, endpoint]) => ({
    at: at("roles", role),
    narrow: ["somebody-else"],
    wide: ["sre"],
    refused: /^roles \|/,
    act: mayDo(endpoint),
    base: agents({}, {}),
  })),
];

/** What a coding agent is told that asks for a client. */
const registers: Act = async (load) => {
  const { configuration } = await load();
  const logger = { warn: () => undefined } as never;
  const redirects = { redirect_uris: ["http://127.0.0.1:8250/callback"] };
  const told = mcpClientsOf(configuration, systemClock, logger)?.register(redirects);
  if (told === undefined) return "nobody is handed a client";
  return "error" in told ? `${told.error} | ${told.error_description}` : told.client_id;
};
const handedOut =
  (more: Document = {}) =>
  (document: Document): void => {
    agents()(document);
    document.identity.mcp_clients = { client_id: "0oamcp", ...more };
  };

const ofMcpClients: readonly Case[] = [
  {
    at: at("mcp_clients"),
    narrow: undefined,
    wide: { client_id: "0oamcp" },
    refused: /^nobody is handed a client$/,
    passes: /^0oamcp$/,
    act: registers,
    base: agents(),
  },
  {
    at: at("mcp_clients", "client_id"),
    narrow: "0oacli",
    wide: "0oamcp",
    refused: /^configuration \| the client 0oacli is one that people themselves come through/,
    passes: /^0oamcp$/,
    act: registers,
    base: handedOut(),
  },
  {
    at: at("mcp_clients", "issuer"),
    narrow: "https://other.okta.com/oauth2/aus1",
    wide: undefined,
    refused: /^configuration \| no provider of agents has this issuer/,
    passes: /^0oamcp$/,
    act: registers,
    base: handedOut(),
  },
  {
    at: at("mcp_clients", "redirect_uris"),
    narrow: ["https://vscode.dev/redirect"],
    wide: ["http://127.0.0.1:*"],
    refused: /^invalid_redirect_uri \|/,
    passes: /^0oamcp$/,
    act: registers,
    base: handedOut(),
  },
];

export const identityCases: readonly Case[] = [...ofAgents, ...ofPeople, ...ofMcpClients];
