import type { NetworkInterfaceInfo } from "node:os";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { describe, expect, test } from "vitest";
import type { ConnectionHealth } from "../../api/services.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { placeKey } from "../../probes/places.ts";
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

/** An interface's address, as Node lists it. */
const nic = (address: string, internal = false): NetworkInterfaceInfo =>
  ({ address, internal }) as NetworkInterfaceInfo;

function start(
  lookup: (host: string) => Promise<readonly { readonly address: string }[]>,
  interfaces: readonly NetworkInterfaceInfo[] = [
    nic("127.0.0.1", true),
    nic("10.0.0.1"),
    nic("fe80::1%eth0"),
    nic("10.0.0.1"),
  ],
) {
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
  const dialled: string[] = [];
  const away = new Set<string>();
  const asked: (readonly string[])[] = [];
  const probed = probedConnections({
    configuration: () => ({ connections }) as unknown as Configuration,
    protocols: [...protocols, { kind: "toy" } as unknown as AnyProtocol],
    health: {
      async healthNow(names) {
        asked.push(names);
        return health;
      },
    },
    clock: fakeClock(),
    lookup,
    interfaces: () => ({ all: [...interfaces], none: undefined }),
    async dial({ address, port }) {
      dialled.push(placeKey(address, port));
      if (away.has(address)) throw new Error("ECONNREFUSED");
    },
  });
  return { probed, connections, health, asked, dialled, away };
}

const names = Object.keys(written);
const known = async (host: string) => {
  if (host === "db.internal") return [{ address: "10.0.0.8" }, { address: "10.0.0.7" }];
  throw new Error("ENOTFOUND");
};

describe("what is told of connections", () => {
  test("is where each protocol connects to, every address of it, and how the target is", async () => {
    const { probed, asked, dialled, away } = start(known);
    away.add("10.0.0.8");
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
            reached: ["10.0.0.7"],
          },
        ],
      },
      {
        connection: "billing",
        protocol: "http",
        state: "up",
        endpoints: [
          {
            host: "127.0.0.1",
            port: 8080,
            speaks: "http",
            addresses: ["127.0.0.1", "10.0.0.1"],
            own: ["10.0.0.1"],
            reached: ["127.0.0.1"],
          },
        ],
      },
      {
        connection: "prod",
        protocol: "kubernetes",
        state: "up",
        endpoints: [
          {
            host: "2001:db8::7",
            port: 6443,
            speaks: "https",
            addresses: ["2001:db8::7"],
            reached: ["2001:db8::7"],
          },
        ],
      },
      {
        connection: "crm",
        protocol: "mcp",
        state: "down",
        endpoints: [{ host: "crm.internal", port: 443, speaks: "https", addresses: [], reached: [] }],
      },
      { connection: "files", protocol: "mcp", state: "up", endpoints: [] },
      { connection: "other", protocol: "toy", state: "up", endpoints: [], isUnknown: true },
    ]);
    expect(asked).toEqual([names]);
    expect(dialled.toSorted()).toEqual([
      "5432 10.0.0.7",
      "5432 10.0.0.8",
      "6443 2001:db8::7",
      "8080 127.0.0.1",
    ]);
  });

  test("is 64 addresses, and how many more there are", async () => {
    const { probed } = start(async () =>
      Array.from({ length: 70 }, (_, at) => ({ address: `10.0.0.${at + 100}` })),
    );
    const [orders] = await probed.targets(["orders-db"]);
    expect(orders?.endpoints[0]?.addresses).toHaveLength(64);
    expect(orders?.endpoints[0]?.leftOut).toBe(6);
  });

  test("is, of what is at the gateway's own machine, 64 of that one's addresses, and none where it has none", async () => {
    const many = Array.from({ length: 70 }, (_, at) => nic(`10.0.1.${at + 100}`));
    for (const url of [
      "http://localhost:8080",
      "http://[::1]:8080",
      "http://0.0.0.0:8080",
      "http://[::]:8080",
    ]) {
      const at = url.includes("localhost") ? [{ address: "127.0.0.1" }, { address: "10.0.1.100" }] : [];
      const { probed, connections } = start(async () => at, many);
      const billing = connections.get("billing");
      if (billing !== undefined) connections.set("billing", { ...billing, target: { url } });
      const [target] = await probed.targets(["billing"]);
      expect(target?.endpoints[0]?.own).toHaveLength(64);
      expect(target?.endpoints[0]?.leftOut).toBe(at.length === 2 ? 5 : 6);
    }
    const [alone] = await start(known, [nic("127.0.0.1", true)]).probed.targets(["billing"]);
    expect(alone?.endpoints[0]).toMatchObject({ addresses: ["127.0.0.1"] });
    expect(alone?.endpoints[0]).not.toHaveProperty("own");
  });

  test("is nothing of a connection that is gone", async () => {
    const { probed } = start(known);
    expect(await probed.targets(["gone"])).toEqual([]);
  });
});

test("the state of a target is unknown once its connection leads elsewhere, or is gone", async () => {
  const { probed, connections } = start(known);
  const told = await probed.targets(names);
  expect([...(await probed.look(told)).states.values()]).toEqual(["up", "up", "up", "down", "up", "unknown"]);
  const billing = connections.get("billing");
  if (billing !== undefined)
    connections.set("billing", { ...billing, target: { url: "http://127.0.0.1:8081" } });
  connections.delete("prod");
  const { states } = await probed.look(told);
  expect([states.get("orders-db"), states.get("billing"), states.get("prod")]).toEqual([
    "up",
    "unknown",
    "unknown",
  ]);
});

test("the gateway connects again when a report comes, to what was told and by itself alone", async () => {
  const { probed, dialled, away } = start(known);
  const told = await probed.targets(["orders-db", "billing"]);
  away.add("10.0.0.7");
  dialled.length = 0;
  expect([...(await probed.look(told)).reached].toSorted()).toEqual(["5432 10.0.0.8", "8080 127.0.0.1"]);
  expect(dialled.toSorted()).toEqual(["5432 10.0.0.7", "5432 10.0.0.8", "8080 127.0.0.1"]);
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
