import { describe, expect, test } from "vitest";
import type { FoundCredential } from "./credentials/find.ts";
import { goalsOf, leadsTo, namedBy, type Target } from "./task.ts";

const orders: Target = {
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
      addresses: ["10.0.0.9", "fd77::9"],
    },
  ],
};

const credential = (more: Partial<FoundCredential>): FoundCredential => ({
  kind: "postgres",
  place: "/home/a/.pgpass:1",
  name: "",
  ...more,
});

const asked = (more: Partial<Parameters<typeof goalsOf>[1]> = {}): Parameters<typeof goalsOf>[1] => ({
  gatewayHost: "mayfly.internal",
  credentials: [],
  addressesHere: new Map(),
  random: "probe_1",
  account: "agent",
  ...more,
});

describe("what is tried for a connection", () => {
  test("is every address that the gateway knows, and those that the name has here", () => {
    const goals = goalsOf(
      orders,
      asked({ addressesHere: new Map([["db.internal", ["10.0.0.9", "203.0.113.9"]]]) }),
    );
    expect(goals.map(({ host }) => host)).toEqual(["10.0.0.9", "fd77::9", "203.0.113.9"]);
    expect(goals.every(({ name, port }) => name === "db.internal" && port === 5432)).toBe(true);
  });

  test("is tried as the gateway's role, one that nobody knows, and those of credentials that lie here", () => {
    const credentials = [credential({ leadsTo: { host: "10.0.0.9", user: "support" } })];
    const [goal] = goalsOf(orders, asked({ credentials }));
    const users = ["mayfly", "probe_1", "support", "postgres", "agent"];
    expect(goal?.logins).toEqual([
      ...users.map((user) => ({ user, database: "shop" })),
      ...users.map((user) => ({ user })),
    ]);
    expect(goal?.isCut).toBe(false);
    expect(goal?.credentials).toEqual(["/home/a/.pgpass:1"]);
  });

  test("is at the gateway's own address too, where the target is on its loopback", () => {
    const [endpoint] = orders.endpoints;
    const local = {
      ...orders,
      endpoints: endpoint === undefined ? [] : [{ ...endpoint, addresses: ["127.0.0.1"] }],
    };
    const addressesHere = new Map([["mayfly.internal", ["10.0.0.5"]]]);
    expect(goalsOf(local, asked({ addressesHere })).map(({ host }) => host)).toEqual([
      "127.0.0.1",
      "10.0.0.5",
    ]);
    expect(goalsOf(orders, asked({ addressesHere })).map(({ host }) => host)).not.toContain("10.0.0.5");
  });
});

describe("a credential", () => {
  const [endpoint] = orders.endpoints;
  test.each([
    ["that names the host", { host: "DB.internal" }, true],
    ["that names an address of it, and its port", { host: "fd77::9", port: 5432 }, true],
    ["that may lead anywhere", { host: "*" }, true],
    ["for another port", { host: "db.internal", port: 5433 }, false],
    ["for another host", { host: "other.internal" }, false],
    ["that does not say where it leads", undefined, true],
  ])("%s", (_, to, expected) => {
    const one = credential(to === undefined ? {} : { leadsTo: to });
    expect(endpoint !== undefined && leadsTo(one, endpoint)).toBe(expected);
  });

  test("of another kind of client is not used there", () => {
    const one = credential({ kind: "kubernetes", leadsTo: { host: "db.internal", port: 5432 } });
    expect(endpoint !== undefined && leadsTo(one, endpoint)).toBe(false);
  });
});

describe("hosts that only credentials name", () => {
  test("are tried once each, as every role that they name", () => {
    const to = { host: "replica.internal", database: "shop" };
    const { goals } = namedBy(
      [
        credential({ place: "one", leadsTo: { ...to, user: "support" } }),
        credential({ place: "two", leadsTo: { ...to, port: 5432, user: "admin" } }),
        credential({ place: "three", leadsTo: { host: "10.0.0.9", port: 5432 } }),
        credential({ place: "four", leadsTo: { host: "*" } }),
        credential({ place: "five", kind: "registry", leadsTo: { host: "registry.internal" } }),
        credential({ place: "six", leadsTo: { host: "/var/run/postgresql" } }),
        credential({ place: "seven", kind: "kubernetes", leadsTo: { host: "10.0.0.1", port: 6443 } }),
      ],
      [orders],
      "agent",
    );
    expect(goals).toMatchObject([
      {
        host: "replica.internal",
        port: 5432,
        speaks: "postgres",
        logins: [
          { user: "support", database: "shop" },
          { user: "admin", database: "shop" },
          { user: "support" },
          { user: "admin" },
        ],
        credentials: ["one", "two"],
      },
      { host: "10.0.0.1", port: 6443, speaks: "https", credentials: ["seven"] },
    ]);
  });

  test("are bounded", () => {
    const many = Array.from({ length: 80 }, (_, at) => credential({ leadsTo: { host: `db${at}.internal` } }));
    const { goals, leftOut } = namedBy(many, [orders], "agent");
    expect([goals.length, leftOut]).toEqual([50, 30]);
  });
});
