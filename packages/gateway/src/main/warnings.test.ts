import { expect, test } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import type { Configuration } from "../configuration/types.ts";
import { warningsOf } from "./warnings.ts";

const issuer = "https://example.okta.com/oauth2/aus1";

function warned(
  audiences: readonly string[],
  client?: string,
  signals: object | undefined = { org: ["https://example.okta.com"], systemLog: { every: 10_000 } },
): readonly string[] {
  const directory = new Map([["0oabot", { name: "bot", groups: [] }]]);
  const agents = [{ issuer, audiences, directory }];
  const people = { sessions: { absolute: 8 * 3_600_000 } };
  const mcpClients = client === undefined ? undefined : { issuer, clientId: client, redirectUris: [] };
  const configuration = {
    url: "https://mayfly.internal:8443",
    identity: { agents, mcpClients, signals, people },
  };
  return warningsOf({ connections: new Map(), ...configuration } as unknown as Configuration).map(
    ({ at, hint }) => `${at}: ${hint}`,
  );
}

test("the resource's URL is an audience of some issuer, byte for byte", () => {
  expect(warned(["api://mayfly", "https://mayfly.internal:8443"])).toEqual([]);
  for (const other of [
    "https://mayfly.internal:8443/",
    "https://mayfly.internal:8443/mcp",
    "https://mayfly.internal",
  ])
    expect(warned(["api://mayfly", other])).toEqual([
      expect.stringMatching(
        /^identity\.agents\.audience: .*audience: \[api:\/\/mayfly, https:\/\/mayfly\.internal:8443\]/,
      ),
    ]);
});

test("the client that is handed out stands in the directory", () => {
  expect(warned(["https://mayfly.internal:8443"], "0oabot")).toEqual([]);
  expect(warned(["https://mayfly.internal:8443"], "0oamcp")).toEqual([
    expect.stringMatching(/^identity\.mcp_clients\.client_id: .*0oamcp: \{ name/),
  ]);
});

test("something tells the gateway that somebody was deactivated", () => {
  for (const channel of ["eventHooks", "globalTokenRevocation", "ssf", "systemLog"])
    expect(
      warned(["https://mayfly.internal:8443"], "0oabot", {
        org: ["https://example.okta.com"],
        [channel]: {},
      }),
    ).toEqual([]);
  expect(warned(["https://mayfly.internal:8443"], "0oabot", { org: ["https://example.okta.com"] })).toEqual([
    expect.stringMatching(/^identity\.signals: configure identity\.signals\.event_hooks/),
  ]);
});

test.each([
  ["left out", {}, 0],
  ["with introspection", { reverify: 60_000, introspection: { every: 3_600_000 } }, 0],
  ["with Okta's API", { reverify: 60_000, groupsFrom: "okta", oktaApi: {} }, 0],
  ["with nothing but the tokens", { reverify: 60_000 }, 1],
])("a bound on proofs, %s", (_, provider, warnings) => {
  const agents = [{ issuer, audiences: ["https://mayfly.internal:8443"], directory: new Map(), ...provider }];
  const configuration = {
    url: "https://mayfly.internal:8443",
    identity: { agents, people: {}, signals: { org: ["https://example.okta.com"], eventHooks: {} } },
  };
  const found = warningsOf({ connections: new Map(), ...configuration } as unknown as Configuration);
  expect(found).toHaveLength(warnings);
  for (const { at, message } of found) {
    expect(at).toBe("identity.agents.reverify");
    expect(message).toContain("every session ends 1m after its agent's newest token was issued");
  }
});

test("where groups are from Okta, those of the directory decide nothing", () => {
  const directory = new Map([
    ["0oabot", { name: "bot", groups: ["support-agents"] }],
    ["0oaother", { name: "other", owner: "owner@example.com", groups: [] }],
  ]);
  const audiences = ["https://mayfly.internal:8443"];
  const of = (groupsFrom?: "okta"): readonly string[] => {
    const agents = [{ issuer, audiences, directory, groupsFrom }];
    const identity = { agents, people: {}, signals: { org: ["https://example.okta.com"], eventHooks: {} } };
    const configuration = { url: "https://mayfly.internal:8443", identity };
    return warningsOf({ connections: new Map(), ...configuration } as unknown as Configuration).map(
      ({ message }) => message,
    );
  };
  expect(of()).toEqual([]);
  expect(of("okta")).toEqual([expect.stringMatching(/0oabot decide nothing/)]);
});

test.each([
  ["often enough", 30_000, []],
  ["too seldom", 300_000, [expect.stringContaining("(signals.system_log asks every 5m)")]],
])("the System Log, read %s, keeps proofs young or does not", (_, every, expected) => {
  const agents = [
    { issuer, audiences: ["https://mayfly.internal:8443"], directory: new Map(), reverify: 60_000 },
  ];
  const configuration = {
    url: "https://mayfly.internal:8443",
    identity: { agents, people: {}, signals: { org: ["https://example.okta.com"], systemLog: { every } } },
  };
  const found = warningsOf({ connections: new Map(), ...configuration } as unknown as Configuration).map(
    ({ message }) => message,
  );
  expect(found).toEqual(expected);
});

test.each([
  [{}, []],
  [{ saml: { idAttribute: "id" } }, []],
  [{ saml: {} }, ["identity.people.saml.id_attribute"]],
])("SAML that says no id of its people is told of: %j", (people, expected) => {
  const agents = [{ issuer, audiences: ["https://mayfly.internal:8443"], directory: new Map() }];
  const configuration = {
    url: "https://mayfly.internal:8443",
    identity: { agents, people, signals: { org: ["https://example.okta.com"], eventHooks: {} } },
  };
  const found = warningsOf({ connections: new Map(), ...configuration } as unknown as Configuration);
  expect(found.map(({ at }) => at)).toEqual(expected);
  for (const { hint } of found) expect(hint).toContain("here, id_attribute: id");
});

function aboutHosts(issuers: readonly string[], more: object = {}): readonly string[] {
  const url = "https://mayfly.internal:8443";
  const agents = issuers.map((one) => ({ issuer: one, audiences: [url], directory: new Map() }));
  const identity = {
    agents,
    people: { sessions: { absolute: 1 } },
    signals: { org: ["https://example.okta.com"], systemLog: {} },
    ...more,
  };
  return warningsOf({ url, identity, connections: new Map() } as unknown as Configuration)
    .filter(({ at }) => at !== "identity.signals")
    .map(({ at, message }) => `${at}: ${message}`);
}

test("the org that speaks has every issuer", () => {
  const signals = { org: ["https://example.okta.com", "https://login.example.com"], eventHooks: {} };
  const custom = "https://login.example.com/oauth2/aus2";
  expect(aboutHosts([issuer, custom], { signals })).toEqual([]);
  expect(aboutHosts([issuer, "https://other.okta.com/oauth2/aus3"], { signals })).toEqual([
    expect.stringMatching(/^identity\.signals\.org: https:\/\/other\.okta\.com\/oauth2\/aus3 is at none of/),
  ]);
  const people = { sessions: { absolute: 1 }, oidc: { issuer: "https://people.okta.com" } };
  expect(aboutHosts([issuer], { signals, people })).toEqual([
    expect.stringContaining("https://people.okta.com"),
  ]);
  expect(aboutHosts([issuer], { signals: undefined })).toEqual([]);
});

test("one authorization server is one provider", () => {
  const signals = { org: ["https://example.okta.com", "https://login.example.com"], eventHooks: {} };
  const twin = "https://login.example.com/oauth2/aus1";
  expect(aboutHosts([issuer, twin], { signals })).toEqual([
    expect.stringMatching(/^identity\.agents\.issuer: .*another principal at each/),
  ]);
  expect(aboutHosts([issuer, "https://example.okta.com/oauth2/aus2"], { signals })).toEqual([]);
});

test("what is observed is told of for as long as it is, and when it is over", () => {
  const said = (until: number): readonly string[] => {
    const operations = new Map([["observe", { until }]]);
    const connections = new Map([["orders-db", { name: "orders-db", operations }]]);
    const identity = { agents: [], people: { sessions: { absolute: 0 } } };
    return warningsOf({
      url: "https://mayfly.internal",
      identity,
      connections,
    } as unknown as Configuration)
      .filter(({ at }) => at === "connections.orders-db.observe")
      .map(({ message, hint }) => `${message} | ${hint}`);
  };
  const year = 366 * 86_400_000;
  expect(said(systemClock.wall() + year)).toEqual([
    expect.stringMatching(
      /^whoever a policy lets have orders-db\/observe may do there whatever can be recorded, until the end of .*mayflyd inventory --connection orders-db/,
    ),
  ]);
  expect(said(Date.parse("2026-01-01T00:00:00Z"))).toEqual([
    "observing ended with 2025-12-31: nobody gets orders-db/observe any more | remove observe, and the policies that name it",
  ]);
});
