// tier: full
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import type { SharedHolds } from "../audit/retention/shared-holds.ts";
import { grantModel } from "../grants/states.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";

let server: EmbeddedPostgres;
let store: Store;

beforeAll(async () => {
  server = await startPostgres();
  await server.run("create database holds");
  store = await openStore({ kind: "postgres", url: new Secret(server.url("holds")) }, grantModel);
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const holdsOf = (): SharedHolds => {
  if (store.holds === undefined) throw new Error("no shared holds");
  return store.holds;
};
const holdOf = (id: string) => ({ id, on: { principal: "held-bot" } });
/** What a log records: in force, and lifted. */
const recorded = (inForce: readonly string[], lifted: readonly string[] = []) => ({
  inForce: inForce.map(holdOf),
  lifted: new Set(lifted),
});
const ids = async (): Promise<readonly string[]> => (await holdsOf().all()).map(({ id }) => id);

it("has the holds of all logs, each once, and as long as any of them has it", async () => {
  await holdsOf().add("a", holdOf("h1"));
  await holdsOf().add("a", holdOf("h1"));
  await holdsOf().add("b", holdOf("h1"));
  await holdsOf().add("b", holdOf("h2"));
  expect(await holdsOf().all()).toEqual([holdOf("h1"), holdOf("h2")]);
  await holdsOf().keep("b", recorded(["h3"], ["h1", "h2"]));
  expect(await ids()).toEqual(["h1", "h3"]);
  await holdsOf().keep("a", recorded([], ["h1", "h3"]));
  expect(await ids()).toEqual(["h3"]);
});

it("keeps one that a log has lost the record of, until the log records that it was lifted", async () => {
  await holdsOf().keep("b", recorded(["h5"]));
  await holdsOf().keep("b", recorded([]));
  expect(await ids()).toEqual(["h3", "h5"]);
  await holdsOf().keep("b", recorded([], ["h5"]));
  expect(await ids()).toEqual(["h3"]);
});

it("takes one from logs that were given up or replaced, and from no other", async () => {
  await holdsOf().keep("b", recorded(["h3", "h4"]));
  await holdsOf().keep("c", recorded(["h4"]));
  await holdsOf().keep("d", recorded(["h6"]));
  for (const name of ["b", "c", "d"]) await store.logs.remember({ name, key: name, records: 1, at: 1 });
  const given = { log: "b", name: "b", records: 1, by: "olga", reason: "INC-12", at: 1 };
  await holdsOf().takeFromGone("h3");
  await holdsOf().takeFromGone("h6");
  expect(await ids()).toEqual(["h3", "h4", "h6"]);
  expect(await store.retiredLogs.retire(given)).toBe(true);
  await holdsOf().takeFromGone("h3");
  await holdsOf().takeFromGone("h4");
  expect(await ids()).toEqual(["h4", "h6"]);
  // The name's log is another one from now on.
  await store.logs.remember({ name: "d", key: "d of a new disk", records: 1, at: 2 });
  await holdsOf().takeFromGone("h6");
  expect(await ids()).toEqual(["h4"]);
});
