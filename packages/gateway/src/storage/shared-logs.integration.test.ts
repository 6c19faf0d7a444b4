// tier: full
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import type { AuditRecord } from "../audit/records.ts";
import { grantModel } from "../grants/states.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";

const LOG = "a+1+K";
let server: EmbeddedPostgres;
let store: Store;

beforeAll(async () => {
  server = await startPostgres();
  await server.run("create database shared");
  store = await openStore({ kind: "postgres", url: new Secret(server.url("shared")) }, grantModel);
  await store.logs.remember({ name: "a", key: LOG, records: 1, at: 1 });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const recordOf = (seq: number, type: AuditRecord["type"]): AuditRecord => ({
  seq,
  time: new Date(1_000_000 + seq).toISOString(),
  type,
  session: "ses_1",
  detail: {},
});

it("says of a stretch of a log how far the index has it, while it is built anew as well", async () => {
  const index = store.index(LOG);
  const records = [
    recordOf(0, "log.opened"),
    recordOf(1, "session.opened"),
    recordOf(2, "act.intent"),
    recordOf(3, "act.outcome"),
  ];
  const openings = new Map([2, 3].map((seq) => [seq, 1]));
  const range = async () => {
    const found = await store.shared?.range(LOG, 1, 10);
    return [found?.records.map(({ seq }) => seq), found?.acts.map(({ seq }) => seq), found?.end];
  };
  await index.insert(records, openings);
  expect(await range()).toEqual([[1], [2, 3], 4]);
  await index.clear();
  expect(await range()).toEqual([[], [], 0]);
  await index.insert(records.slice(0, 2), new Map());
  expect(await range()).toEqual([[1], [], 2]);
  await index.insert(records.slice(2), openings);
  expect(await range()).toEqual([[1], [2, 3], 4]);
});
