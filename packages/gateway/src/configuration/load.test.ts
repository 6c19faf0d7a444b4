import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "@mayfly/testing/fast-check.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "./testing/certificate.ts";
import { configurationJsonSchema } from "./json-schema.ts";
import { loadConfiguration } from "./load.ts";
import type { LoadedConfiguration } from "./load.ts";
import { formatProblems } from "./problems.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-configuration-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(
  text: string,
  environment = goodEnvironment,
  name = "mayfly.yaml",
): Promise<LoadedConfiguration> {
  const file = join(folder, name);
  await writeFile(file, text);
  return loadConfiguration(file, [testProtocol], environment);
}

async function loaded(
  text: string,
  environment = goodEnvironment,
): Promise<Extract<LoadedConfiguration, { ok: true }>> {
  const result = await load(text, environment);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result;
}

const minimal = `url: https://gw.example/
identity: { agents: { issuer: https://okta.example/oauth2/a, audience: api } }
`;

describe("what comes out", () => {
  test("every default is filled in", async () => {
    const { configuration } = await loaded(minimal);
    expect(configuration).toEqual({
      file: join(folder, "mayfly.yaml"),
      files: [join(folder, "mayfly.yaml")],
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      url: "https://gw.example",
      listen: {
        https: { host: "0.0.0.0", port: 8443, allowInsecureLoopback: false },
        ports: new Map(),
      },
      store: { kind: "sqlite", file: join(folder, "data/mayfly.db") },
      dataFolder: join(folder, "data"),
      identity: {
        agents: [
          {
            issuer: "https://okta.example/oauth2/a",
            audiences: ["api"],
            scopes: ["mayfly"],
            groupsClaim: "groups",
            algorithms: ["RS256"],
            dpop: "accept",
            directory: new Map(),
            outage: 3_600_000,
            allowInsecureLoopback: false,
          },
        ],
        people: {
          clients: [],
          issuers: ["https://okta.example/oauth2/a"],
          sessions: { idle: 1_800_000, absolute: 28_800_000 },
          groupsMaxAge: 900_000,
        },
        roles: { reviewer: [], operator: [], auditor: [] },
      },
      connections: new Map(),
      policies: [],
      export: { destinations: [], holdBack: 10 * 1024 ** 3 },
      notifications: { webhooks: [] },
      audit: {
        folder: join(folder, "data/audit"),
        name: "gw.example",
        sync: "batched",
        checkpointEvery: 60_000,
      },
      limits: {
        connections: 4096,
        connectionsPerAddress: 1024,
        sessionsPerGrant: 32,
        sessionsPerPrincipal: 64,
        handshake: 10_000,
        messageBytes: 16_777_216,
        statementBytes: 1_048_576,
        pendingPerPrincipal: 20,
        actsPerSecond: 5000,
        recordBytesPerSecond: 2_097_152,
      },
      shutdown: { drain: 0, announce: 5000, endIdle: false },
    });
  });

  test("a full one is complete", async () => {
    const { configuration } = await loaded(good);
    const [provider] = configuration.identity.agents;
    expect(provider?.introspection).toMatchObject({ clientId: "gw", every: 30_000 });
    expect(provider?.introspection?.clientSecret.reveal()).toBe("gateway-value-1");
    expect(provider?.outage).toBe(7_200_000);
    expect(provider?.directory.get("0oa1b2c3d4")).toEqual({
      name: "support-bot",
      owner: "owner@example.com",
      groups: ["support-agents"],
    });
    expect(configuration.identity.people.clients).toEqual(["cli", "0oa9"]);
    expect(configuration.listen.ports.get("postgres")).toEqual({
      host: "0.0.0.0",
      port: 6432,
      allowInsecureLoopback: false,
    });
    expect(configuration.policies).toEqual([
      {
        name: "support agents read orders",
        forbid: false,
        groups: ["support-agents"],
        connection: "orders-db",
        operations: ["read-orders"],
        ttl: { default: 300_000, max: 900_000 },
      },
      {
        name: "a refund needs a person",
        forbid: false,
        groups: ["support-agents"],
        connection: "orders-db",
        operations: ["refund-order"],
        ttl: { default: 600_000, max: 600_000 },
        when: 'context.reason like "*TICKET-*"',
        approval: { by: ["support-leads"], count: 1, within: 1_800_000, refusals: 1 },
      },
      {
        name: "nobody writes at night",
        forbid: true,
        groups: ["support-agents"],
        connection: "orders-db",
        operations: ["refund-order"],
        when: "context.hour < 6",
      },
    ]);
    const connection = configuration.connections.get("orders-db");
    expect(connection).toMatchObject({
      kind: "postgres",
      target: { host: "db.internal", port: 5432, tls: "verify-full" },
    });
    expect(connection?.operations.get("refund-order")).toMatchObject({ risk: "high", description: "" });
  });

  test.each([
    ["1m", 60_000],
    ["24h", 86_400_000],
    ["90d", 7_776_000_000],
  ])("what a policy requires of the host is read: paths closed for %s", async (written, closedPaths) => {
    const text = good.replace("ttl: 10m", `ttl: 10m\n    requires: { closed_paths: ${written} }`);
    const { policies } = (await loaded(text)).configuration;
    expect(policies.map((policy) => policy.closedPaths)).toEqual([undefined, closedPaths, undefined]);
    expect(policies[1]).not.toHaveProperty("requires");
    expect(policies[0]).not.toHaveProperty("closedPaths");
  });

  test.each<[string, object]>([
    ["requires: { sandbox: true }", { sandbox: true, lease: 60_000 }],
    [
      "requires: { sandbox: true, closed_paths: 1h }\n    lease: 5s",
      { sandbox: true, lease: 5000, closedPaths: 3_600_000 },
    ],
  ])("a sandbox that a policy requires brings a lease: %s", async (written, expected) => {
    const { policies } = (await loaded(good.replace("ttl: 10m", `ttl: 10m\n    ${written}`))).configuration;
    expect(policies[1]).toMatchObject(expected);
    expect(policies[1]).not.toHaveProperty("requires");
    expect(policies[0]).not.toHaveProperty("sandbox");
    expect(policies[0]).not.toHaveProperty("lease");
  });

  test("a provider's list, insecure loopback addresses and IPv6 are read", async () => {
    const { configuration } = await loaded(`url: https://gw.example:8443
listen: { https: "[::1]:0", postgres: { address: 127.0.0.1:0, allow_insecure_loopback: true } }
store: postgres://mayfly@db/mayfly
identity:
  agents:
    - { issuer: "http://127.0.0.1:9", audience: a, allow_insecure_loopback: true, algorithms: [ES256] }
    - { issuer: "https://b.example", audience: [a, "https://gw.example:8443"], directory: { 0e12: { name: x }, 0123: { name: y } } }
`);
    expect(configuration.listen).toEqual({
      https: { host: "::1", port: 0, allowInsecureLoopback: false },
      ports: new Map([["postgres", { host: "127.0.0.1", port: 0, allowInsecureLoopback: true }]]),
    });
    expect(configuration.identity.agents.map(({ issuer }) => issuer)).toEqual([
      "http://127.0.0.1:9",
      "https://b.example",
    ]);
    // One issuer may have several audiences: the server's own, and the gateway's resource URL.
    expect(configuration.identity.agents.map(({ audiences }) => audiences)).toEqual([
      ["a"],
      ["a", "https://gw.example:8443"],
    ]);
    // Client ids that look like numbers are names.
    expect([...(configuration.identity.agents[1]?.directory.keys() ?? [])].toSorted()).toEqual([
      "0123",
      "0e12",
    ]);
    expect(configuration.store).toMatchObject({ kind: "postgres" });
  });

  test("people's clients are those of the first issuer's host, or of the issuers that are named", async () => {
    const text = (people: string): string => `url: https://gw.example:8443
listen: { https: "[::1]:0" }
store: sqlite:data/mayfly.db
identity:
  agents:
    - { issuer: "https://a.example/oauth2/1", audience: a }
    - { issuer: "https://partner.example/oauth2/1", audience: a }
    - { issuer: "https://a.example/oauth2/2", audience: a }
  people: { clients: [cli]${people} }
`;
    const usual = await loaded(text(""));
    expect(usual.configuration.identity.people.issuers).toEqual([
      "https://a.example/oauth2/1",
      "https://a.example/oauth2/2",
    ]);
    const named = await loaded(text(", issuers: [https://partner.example/oauth2/1]"));
    expect(named.configuration.identity.people.issuers).toEqual(["https://partner.example/oauth2/1"]);
  });

  test("names that JavaScript's objects have are names like others", async () => {
    const text = good
      .replaceAll("orders-db", "constructor")
      .replaceAll("refund-order", "prototype")
      .replace("0oa1b2c3d4", "hasOwnProperty: { name: x }\n      toString");
    const { configuration } = await loaded(text);
    expect([...(configuration.connections.get("constructor")?.operations.keys() ?? [])]).toEqual([
      "read-orders",
      "prototype",
    ]);
    expect([...(configuration.identity.agents[0]?.directory.keys() ?? [])]).toEqual([
      "hasOwnProperty",
      "toString",
    ]);
  });

  test("a file's secret loses one newline at its end, no more", async () => {
    await writeFile(join(folder, "password"), "two words \n\r\n");
    const { configuration } = await loaded(good.replace("{ env: ORDERS_PASSWORD }", "{ file: password }"));
    const target = configuration.connections.get("orders-db")?.target as {
      password: { reveal: () => string };
    };
    expect(target.password.reveal()).toBe("two words \n");
  });

  test("certificate and key are read, and must belong together", async () => {
    const own = await makeCertificate();
    const other = await makeCertificate();
    await writeFile(join(folder, "cert.pem"), own.certificate);
    await writeFile(join(folder, "key.pem"), own.key);
    await writeFile(join(folder, "other.pem"), other.key);
    const tls = "tls: { certificate: cert.pem, key: key.pem }\n";
    const { configuration } = await loaded(minimal + tls);
    expect(configuration.tls?.certificate).toBe(own.certificate);
    expect(configuration.tls?.key.reveal()).toBe(own.key.trimEnd());
    const mixed = await load(minimal + tls.replace("key.pem", "other.pem"));
    expect(mixed).toMatchObject({
      ok: false,
      problems: [{ line: 3, column: 36, message: "the key does not belong to the certificate" }],
    });
  });

  test("no secret shows when it is printed", async () => {
    const { configuration } = await loaded(good);
    const printed =
      inspect(configuration, { depth: 20, showHidden: true }) +
      JSON.stringify([...configuration.connections]);
    expect(printed).toContain("db.internal");
    expect(printed).not.toMatch(/value-\d/);
  });

  test("nothing of it changes afterwards", async () => {
    const { configuration } = await loaded(good);
    const writable = configuration as unknown as { url: string; policies: { groups: string[] }[] };
    expect(() => (writable.url = "x")).toThrow(TypeError);
    expect(() => writable.policies[0]?.groups.push("everyone")).toThrow(TypeError);
    expect(() => (configuration.connections as Map<string, unknown>).clear()).toThrow(TypeError);
    const scope = configuration.connections.get("orders-db")?.operations.get("read-orders")?.scope;
    expect(() => (scope as { statements: string[] }).statements.push("delete")).toThrow(TypeError);
  });
});

describe("the log's name from the environment", () => {
  const named = `${minimal}audit: { name: { env: POD_NAME } }\n`;
  const loadNamed = async (
    name: string | undefined,
    secrets?: "named",
  ): ReturnType<typeof loadConfiguration> => {
    const file = join(folder, "mayfly.yaml");
    await writeFile(file, named);
    return loadConfiguration(file, [testProtocol], name === undefined ? {} : { POD_NAME: name }, secrets);
  };

  test("is that of the gateway, and may be missing where a file is only checked", async () => {
    expect(await loadNamed("mayfly-0")).toMatchObject({ configuration: { audit: { name: "mayfly-0" } } });
    expect(await loadNamed(undefined, "named")).toMatchObject({
      ok: true,
      unset: [{ message: "the environment variable POD_NAME is not set" }],
    });
  });

  test.each([
    [undefined, "the environment variable POD_NAME is not set"],
    ["", "the environment variable POD_NAME is empty"],
    ["a b", "POD_NAME does not name a log: a log's name holds no spaces and no plus sign"],
    ["..", "POD_NAME does not name a log: a log's name has no empty part, no . and no .. between slashes"],
  ])("is refused when it is %j", async (name, message) => {
    expect(await loadNamed(name)).toMatchObject({ ok: false, problems: [{ message }] });
  });
});

describe("digests", () => {
  const digests = async (
    text: string,
    environment = goodEnvironment,
  ): Promise<[string, string | undefined]> => {
    const { configuration } = await loaded(text, environment);
    return [
      configuration.digest,
      configuration.connections.get("orders-db")?.operations.get("read-orders")?.digest,
    ];
  };

  test("order of members, comments and a secret's value do not count", async () => {
    const same = good
      .replace(
        "{ https: 0.0.0.0:8443, postgres: 0.0.0.0:6432 }",
        "{ postgres: 0.0.0.0:6432, https: 0.0.0.0:8443 } # ports",
      )
      .replace("ttl: 10m", "ttl: 600s");
    expect(await digests(same, { ...goodEnvironment, ORDERS_PASSWORD: "another" })).toEqual(
      await digests(good),
    );
  });

  test.each([
    ["a table", "public.orders: all, public", "public.orders: [id], public"],
    ["a description", "Read orders", "Read all orders"],
    ["a scope's member", "        timeout: 30s\n", ""],
    ["where its connection leads", "host: db.internal", "host: other.internal"],
  ])("%s of an operation counts in both", async (_, from, to) => {
    const [whole, operation] = await digests(good);
    const [otherWhole, otherOperation] = await digests(good.replace(from, to));
    expect(otherWhole).not.toBe(whole);
    expect(otherOperation).not.toBe(operation);
  });

  test.each([
    ["where a secret comes from", "env: ORDERS_PASSWORD", "env: OKTA_SECRET"],
    ["a policy's group", "groups: [support-agents]\n", "groups: [everyone]\n"],
    ["a role", "operator: [platform]", "operator: [platform, sre]"],
    ["the directory", "groups: [support-agents] }", "groups: [] }"],
    ["a limit", "connections: 100", "connections: 101"],
    ["the store", "sqlite:data/mayfly.db", "postgres://mayfly@db/mayfly"],
    ["the store's host", "sqlite:data/mayfly.db", "postgres://mayfly@other/mayfly"],
  ])("%s counts in the whole alone", async (_, from, to) => {
    expect(good).toContain(from);
    const [whole, operation] = await digests(good);
    const [otherWhole, otherOperation] = await digests(good.replace(from, to));
    expect(otherWhole).not.toBe(whole);
    expect(otherOperation).toBe(operation);
  });
});

describe("places for problems that others find", () => {
  const at = (text: string, inner: string): string => {
    const before = text.slice(0, text.indexOf(inner));
    return `${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`;
  };

  test.each([
    ["plain", "when: context.hour < 6 && BAD"],
    ["quoted twice", String.raw`when: "context.reason like \"*T*\" && BAD"`],
    ["quoted once", "when: 'context.reason == ''a'' && BAD'"],
    ["a block", "when: |\n      context.hour < 6\n        && BAD"],
    ["a folded block", "when: >-\n      context.hour < 6\n      && BAD"],
    ["over two lines", "when: context.hour < 6\n      && BAD"],
  ])("inside a text that is %s", async (_, written) => {
    const text = good.replace("when: context.hour < 6", written);
    const { configuration, locate } = await loaded(text);
    const offset = configuration.policies[2]?.when?.indexOf("BAD");
    const { file, line, column } = locate(["policies", 2, "when"], offset);
    expect(`${line}:${column}`).toBe(at(text, "BAD"));
    expect(file).toBe(configuration.file);
  });

  test("a value, and the last one on a path that leads nowhere", async () => {
    const { locate } = await loaded(good);
    expect(locate(["policies", 1, "ttl"])).toMatchObject({ line: 41, column: 10 });
    expect(locate(["policies", 1, "nothing"])).toMatchObject({ line: 37, column: 5 });
  });
});

test("problems are printed in the order of their places, hints indented", () => {
  const problem = { file: "a.yaml", line: 2, column: 1, message: "second", hint: "do it" };
  const first = { file: "a.yaml", line: 1, column: 9, message: "first" };
  expect(formatProblems([problem, first, problem])).toBe(
    "a.yaml:1:9: first\na.yaml:2:1: second\n  hint: do it\n",
  );
});

test("the JSON Schema knows what every operation takes beside its scope", () => {
  const schema = JSON.stringify(configurationJsonSchema([testProtocol]));
  expect(schema).toContain('"risk"');
  expect(schema).toContain('"require_where"');
  expect(schema).toContain('"groups_claim"');
  expect(configurationJsonSchema([]).$schema).toBe("https://json-schema.org/draft/2020-12/schema");
});

test(
  "a file broken anywhere gives a configuration or placed problems, never a crash",
  { timeout: 60_000 },
  async () => {
    const lines = good.split("\n");
    const bytes = Buffer.from(good);
    const breaking = fc.oneof(
      fc.nat(lines.length - 1).map((at) => Buffer.from(lines.toSpliced(at, 1).join("\n"))),
      fc.nat(lines.length - 1).map((at) => Buffer.from(lines.toSpliced(at, 0, lines[at] ?? "").join("\n"))),
      fc
        .tuple(fc.nat(lines.length - 1), fc.string({ unit: "binary" }))
        .map(([at, line]) => Buffer.from(lines.with(at, line).join("\n"))),
      fc
        .tuple(fc.nat(lines.length - 1), fc.stringMatching(/^[ -]{0,4}[a-z*&!|>{}[\]",:?%@`#' -]{0,12}$/))
        .map(([at, line]) => Buffer.from(lines.with(at, line).join("\n"))),
      fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(bytes.with(at, byte))),
      fc.nat(bytes.length).map((at) => bytes.subarray(0, at)),
    );
    const file = join(folder, "broken.yaml");
    await fc.assert(
      fc.asyncProperty(breaking, async (broken) => {
        await writeFile(file, broken);
        const result: LoadedConfiguration = await loadConfiguration(file, [testProtocol], goodEnvironment);
        if (result.ok) return;
        const written = broken
          .toString("utf8")
          .replace(/^\ufeff/, "")
          .split("\n");
        expect(result.problems.length).toBeGreaterThan(0);
        for (const { line, column, message } of result.problems) {
          expect(message).not.toBe("");
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(written.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((written[line - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 500 },
    );
  },
);

test("a file whose last line has no end may be cut short, and is refused", async () => {
  expect((await load(minimal)).ok).toBe(true);
  const cut = await load(minimal.trimEnd());
  expect(cut.ok ? [] : cut.problems).toMatchObject([{ message: expect.stringContaining("cut short") }]);
});
