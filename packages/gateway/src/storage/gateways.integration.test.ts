// tier: full
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import type { GatewayRegistry, Registration } from "../grants/gateways/registry.ts";
import type { SharedPlaces } from "../grants/gateways/shared-places.ts";
import { grantModel } from "../grants/states.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";

let server: EmbeddedPostgres;
let store: Store;
let registry: GatewayRegistry;

beforeAll(async () => {
  server = await startPostgres();
  await server.run("create database gateways");
  store = await openStore({ kind: "postgres", url: new Secret(server.url("gateways")) }, grantModel);
  if (store.gateways === undefined) throw new Error("no registry");
  registry = store.gateways;
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

const gateway = (name: string, life: string): Registration => ({
  name,
  life,
  place: "place",
  host: "host",
  version: "1.0.0",
});
const found = async (name: string) => (await registry.read()).gateways.find((each) => each.name === name);

it("registers one run under a name, by the store's clock", async () => {
  expect(await registry.claim(gateway("a", "1"))).toBe(true);
  expect(await registry.claim(gateway("a", "2"))).toBe(false);
  const { now, gateways } = await registry.read();
  expect(gateways).toHaveLength(1);
  expect(gateways[0]).toMatchObject({ ...gateway("a", "1"), beats: 0 });
  expect(gateways[0]?.seenAt).toBeLessThanOrEqual(now);
  expect(await registry.beat({ name: "a", life: "2" })).toBe(false);
  expect(await registry.beat({ name: "a", life: "1" })).toBe(true);
  expect(await found("a")).toMatchObject({ life: "1", beats: 1, startedAt: gateways[0]?.startedAt });
});

it("lets a run take the place of one that has not beaten since, and of no other", async () => {
  expect(await registry.claim(gateway("b", "1"))).toBe(true);
  await registry.beat({ name: "b", life: "1" });
  expect(await registry.claim(gateway("b", "2"), { life: "1", beats: 0 })).toBe(false);
  expect(await registry.claim(gateway("b", "2"), { life: "0", beats: 1 })).toBe(false);
  const both = await Promise.all(
    ["2", "3"].map((life) => registry.claim(gateway("b", life), { life: "1", beats: 1 })),
  );
  expect(both.filter(Boolean)).toHaveLength(1);
});

it("frees a name for its own run alone", async () => {
  expect(await registry.claim(gateway("c", "1"))).toBe(true);
  await registry.leave({ name: "c", life: "2" });
  expect(await found("c")).toBeDefined();
  await registry.leave({ name: "c", life: "1" });
  expect(await found("c")).toBeUndefined();
});

it("forgets those that were killed a day ago, with their places and without their logs, when another starts", async () => {
  for (const name of ["killed", "away"]) {
    expect(await registry.claim(gateway(name, `run of ${name}`))).toBe(true);
    const claimed = await store.places?.claim(`run of ${name}`, [
      { of: "grant", key: "gr_0", places: 1, bound: 5 },
    ]);
    expect(claimed).toBeUndefined();
  }
  const seen = (name: string, hours: number): Promise<unknown> =>
    server.run(
      `update mayfly_gateways set seen_at = seen_at - ${hours * 3_600_000} where name = '${name}'`,
      "gateways",
    );
  await seen("killed", 24.1);
  await seen("away", 23.9);
  await store.logs.remember({ name: "killed", key: "key", records: 1, at: 1 });
  expect(await registry.claim(gateway("new", "1"))).toBe(true);
  expect([await found("killed"), (await found("away"))?.life]).toEqual([undefined, "run of away"]);
  expect((await store.logs.all()).map(({ name }) => name)).toEqual(["killed"]);
  const holders = "select array_agg(life) from mayfly_places where key = 'gr_0'";
  await server.run(`do $$ begin assert (${holders}) = array['run of away']; end $$`, "gateways");
});

describe("places that gateways share", () => {
  const places = (): SharedPlaces => {
    if (store.places === undefined) throw new Error("no places");
    return store.places;
  };
  const claim = (life: string, count: number, key: string, bound = 5) =>
    places().claim(life, [
      { of: "grant", key, places: count, bound },
      { of: "principal", key: `p ${key}`, places: count, bound: 100 },
    ]);

  it("are never more than the bound, whoever claims at once", async () => {
    for (const name of ["p1", "p2", "p3"]) expect(await registry.claim(gateway(name, name))).toBe(true);
    const claimed = await Promise.all(["p1", "p2", "p3"].map((life) => claim(life, 2, "gr_1")));
    expect(claimed.filter((full) => full === "grant")).toHaveLength(1);
  });

  it("are all of a claim or none, and as many as were said last", async () => {
    expect(await claim("p1", 5, "gr_2")).toBeUndefined();
    expect(await claim("p2", 1, "gr_2")).toBe("grant");
    await places().settle("p1", { of: "grant", key: "gr_2", places: 4 });
    expect(await claim("p2", 1, "gr_2")).toBeUndefined();
    await places().settle("p1", { of: "grant", key: "gr_2", places: 0 });
    expect(await claim("p2", 5, "gr_2")).toBeUndefined();
  });

  it("of a gateway that is gone are free", async () => {
    expect(await claim("p1", 5, "gr_3")).toBeUndefined();
    await registry.leave({ name: "p1", life: "p1" });
    expect(await claim("p2", 5, "gr_3")).toBeUndefined();
    await server.run("update mayfly_gateways set seen_at = seen_at - 20000 where name = 'p2'", "gateways");
    expect(await claim("p3", 5, "gr_3")).toBeUndefined();
    await registry.beat({ name: "p2", life: "p2" });
    expect(await claim("p3", 5, "gr_3")).toBe("grant");
  });
});
