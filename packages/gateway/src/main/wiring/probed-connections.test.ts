import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { describe, expect, test } from "vitest";
import type { ConnectionHealth } from "../../api/services.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { protocols } from "../protocols.ts";
import { gatewayPlace, probedConnections } from "./probed-connections.ts";

const written: Readonly<Record<string, readonly [string, object]>> = {
  "orders-db": [
    "postgres",
    { host: "db.internal", database: "shop", user: "mayfly", password: { env: "PGPASSWORD" } },
  ],
  billing: ["http", { url: "http://127.0.0.1:8080/v1" }],
  prod: ["kubernetes", { server: "https://[2001:db8::7]:6443", token: { env: "TOKEN" } }],
  crm: ["mcp", { url: "https://crm.internal/mcp" }],
  files: ["mcp", { command: ["files"] }],
  other: ["toy", {}],
};

function start(lookup: (host: string) => Promise<readonly { readonly address: string }[]>) {
  const connections = new Map(
    Object.entries(written).map(([name, [kind, target]]) => [
      name,
      {
        name,
        kind,
        target: protocols.find((each) => each.kind === kind)?.target.parse(target) ?? target,
        operations: new Map(),
      },
    ]),
  );
  const health = new Map<string, ConnectionHealth>(
    Object.keys(written).map((name) => [name, { state: name === "crm" ? "down" : "up" }]),
  );
  const asked: (readonly [readonly string[], number])[] = [];
  const probed = probedConnections({
    configuration: () => ({ connections }) as unknown as Configuration,
    protocols: [...protocols, { kind: "toy" } as unknown as AnyProtocol],
    health: {
      async healthWithin(names, ms) {
        asked.push([names, ms]);
        return health;
      },
    },
    clock: fakeClock(),
    lookup,
  });
  return { probed, connections, health, asked };
}

const names = Object.keys(written);
const known = async (host: string) => {
  if (host === "db.internal") return [{ address: "10.0.0.8" }, { address: "10.0.0.7" }];
  throw new Error("ENOTFOUND");
};

describe("what is told of connections", () => {
  test("is where each protocol connects to, every address of it, and how the target is", async () => {
    const { probed, asked } = start(known);
    expect(probed.names()).toEqual(names);
    expect(await probed.targets(names)).toEqual([
      {
        connection: "orders-db",
        protocol: "postgres",
        state: "up",
        endpoints: [
          {
            host: "db.internal",
            port: 5432,
            speaks: "postgres",
            database: "shop",
            user: "mayfly",
            addresses: ["10.0.0.7", "10.0.0.8"],
          },
        ],
      },
      {
        connection: "billing",
        protocol: "http",
        state: "up",
        endpoints: [{ host: "127.0.0.1", port: 8080, speaks: "http", addresses: ["127.0.0.1"] }],
      },
      {
        connection: "prod",
        protocol: "kubernetes",
        state: "up",
        endpoints: [{ host: "2001:db8::7", port: 6443, speaks: "https", addresses: ["2001:db8::7"] }],
      },
      {
        connection: "crm",
        protocol: "mcp",
        state: "down",
        endpoints: [{ host: "crm.internal", port: 443, speaks: "https", addresses: [] }],
      },
      { connection: "files", protocol: "mcp", state: "up", endpoints: [] },
      { connection: "other", protocol: "toy", state: "up", endpoints: [], isUnknown: true },
    ]);
    expect(asked).toEqual([[names, 0]]);
  });

  test("is 64 addresses, and how many more there are", async () => {
    const { probed } = start(async () =>
      Array.from({ length: 70 }, (_, at) => ({ address: `10.0.0.${at + 100}` })),
    );
    const [orders] = await probed.targets(["orders-db"]);
    expect(orders?.endpoints[0]?.addresses).toHaveLength(64);
    expect(orders?.endpoints[0]?.leftOut).toBe(6);
  });

  test("is nothing of a connection that is gone", async () => {
    const { probed } = start(known);
    expect(await probed.targets(["gone"])).toEqual([]);
  });
});

test("the state of a target is unknown once its connection leads elsewhere, or is gone", async () => {
  const { probed, connections } = start(known);
  const told = await probed.targets(names);
  expect([...(await probed.states(told)).values()]).toEqual(["up", "up", "up", "down", "up", "unknown"]);
  const billing = connections.get("billing");
  if (billing !== undefined)
    connections.set("billing", { ...billing, target: { url: "http://127.0.0.1:8081" } });
  connections.delete("prod");
  const states = await probed.states(told);
  expect([states.get("orders-db"), states.get("billing"), states.get("prod")]).toEqual([
    "up",
    "unknown",
    "unknown",
  ]);
});

test("agents reach the gateway at its URL and at the ports of protocols", () => {
  const ports = new Map([["postgres", 6432]]);
  expect(gatewayPlace("https://mayfly.internal:8443", ports)).toEqual({
    host: "mayfly.internal",
    port: 8443,
    ports: [8443, 6432],
  });
  expect(gatewayPlace("https://mayfly.internal", new Map())).toEqual({
    host: "mayfly.internal",
    port: 443,
    ports: [443],
  });
});
