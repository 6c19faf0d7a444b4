// tier: full
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { grantModel } from "../grants/states.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";

const retirementOf = (name: string) => ({
  log: `${name}+1+K`,
  name,
  records: 12,
  checkpoint: "note",
  by: "olga",
  reason: "INC-12\0",
  at: 5000,
});
const kept = { ...retirementOf("b"), reason: "INC-12\u{FFFD}" };

/** What every store says of logs that are given up, step by step. */
async function told(store: Store): Promise<readonly unknown[]> {
  const { retiredLogs: logs } = store;
  await store.logs.remember({ name: "b", key: "b+1+K", records: 12, at: 1 });
  return [
    await logs.retire(retirementOf("c")),
    await logs.retire({ ...retirementOf("b"), log: "b+2+K" }),
    await logs.all(),
    await logs.retire(retirementOf("b")),
    await logs.retire({ ...retirementOf("b"), by: "rosa" }),
    await logs.all(),
    await logs.end("c+1+K"),
    await logs.all(),
    await logs.end("b+1+K"),
    await logs.all(),
  ];
}
const TOLD = [false, false, [], true, false, [kept], undefined, [kept], undefined, []];

describe("in PostgreSQL", () => {
  let server: EmbeddedPostgres;
  let store: Store;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run("create database retired");
    store = await openStore({ kind: "postgres", url: new Secret(server.url("retired")) }, grantModel);
  });
  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  it("keeps once what is given up, until it is back", async () => {
    expect(await told(store)).toEqual(TOLD);
  });

  it("gives up no log whose gateway was heard of within 15 s, by the store's clock", async () => {
    await store.logs.remember({ name: "b", key: "b+1+K", records: 12, at: 1 });
    const gateway = { name: "b", life: "1", place: "place", host: "host", version: "1.0.0" };
    expect(await store.gateways?.claim(gateway)).toBe(true);
    const seen = (ms: number): Promise<unknown> =>
      server.run(`update mayfly_gateways set seen_at = seen_at - ${ms}`, "retired");
    expect(await store.retiredLogs.retire(retirementOf("b"))).toBe(false);
    await seen(10_000);
    expect(await store.retiredLogs.retire(retirementOf("b"))).toBe(false);
    await seen(6000);
    expect(await store.retiredLogs.retire(retirementOf("b"))).toBe(true);
  });
});

it("keeps it in SQLite as well", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-retired-"));
  const store = await openStore({ kind: "sqlite", file: join(folder, "mayfly.db") }, grantModel);
  try {
    expect(await told(store)).toEqual(TOLD);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
