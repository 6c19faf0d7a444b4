// tier: gate
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { grantModel } from "../grants/states.ts";
import { sampleRequest } from "../grants/testing/samples.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";
import { budgetSuite } from "./testing/budget-suite.ts";
import { cutOffSuite } from "./testing/cut-off-suite.ts";
import { hearingSuite } from "./testing/hearing-suite.ts";
import { membershipSuite } from "./testing/membership-suite.ts";
import { notificationSuite } from "./testing/notification-suite.ts";
import { pendingSuite } from "./testing/pending-suite.ts";
import { probeSuite } from "./testing/probe-suite.ts";
import { signInSuite } from "./testing/sign-in-suite.ts";
import { usageSuite } from "./testing/usage-suite.ts";
import { storeSuite } from "./testing/suite.ts";

let server: EmbeddedPostgres;
const open = (database: string): Promise<Store> =>
  openStore({ kind: "postgres", url: new Secret(server.url(database)) }, grantModel);

beforeAll(async () => {
  server = await startPostgres();
  for (const name of [
    "suite",
    "sign_in",
    "notifications",
    "used",
    "probes",
    "pending",
    "together",
    "newer",
    "away",
  ])
    await server.run(`create database ${name}`);
});
afterAll(() => server.stop());

storeSuite(
  "PostgreSQL",
  () => open("suite"),
  async () => undefined,
);

notificationSuite(
  "PostgreSQL",
  () => open("notifications"),
  async () => undefined,
);

signInSuite(
  "PostgreSQL",
  () => open("sign_in"),
  async () => undefined,
);

usageSuite(
  "PostgreSQL",
  () => open("used"),
  async () => undefined,
);

probeSuite(
  "PostgreSQL",
  () => open("probes"),
  async () => undefined,
);

pendingSuite(
  "PostgreSQL",
  () => open("pending"),
  async () => undefined,
);

budgetSuite(
  "PostgreSQL",
  () => open("used"),
  async () => undefined,
);

membershipSuite(
  "PostgreSQL",
  () => open("used"),
  async () => undefined,
);

cutOffSuite(
  "PostgreSQL",
  () => open("used"),
  async () => undefined,
);

hearingSuite(
  "PostgreSQL",
  () => open("used"),
  async () => undefined,
);

describe("the PostgreSQL store", () => {
  it("migrates once when several gateways start together", async () => {
    const stores = await Promise.all([open("together"), open("together"), open("together")]);
    await stores[0].grants.setLockdown({ since: 1, by: "o", reason: "r" });
    expect(await stores[2].grants.lockdown()).toEqual({ since: 1, by: "o", reason: "r" });
    await Promise.all(stores.map((store) => store.close()));
  });

  it("is refused when a newer Mayfly wrote it", async () => {
    await (await open("newer")).close();
    await server.run("insert into mayfly_migration (name, timestamp) values ('0099_later', 'now')", "newer");
    await expect(open("newer")).rejects.toMatchObject({ code: "store_newer" });
  });

  it("lets an older version forget a request that was reviewed", async () => {
    const store = await open("away");
    await store.grants.createRequest(sampleRequest("reviewed"));
    await server.run("insert into mayfly_reviews values ('reviewed', 'i', 's', 1, '{}')", "away");
    await server.run("delete from mayfly_requests where id = 'reviewed'", "away");
    expect(await store.grants.request("reviewed")).toBeUndefined();
    await store.close();
  });

  it("enforces the states by itself", async () => {
    await (await open("away")).close();
    await expect(
      server.run(
        `insert into mayfly_requests (id, requester, state, created_at, reasons, body) values ('r', 'q', 'nonsense', 1, '[]', '{}')`,
        "away",
      ),
    ).rejects.toThrow(/check constraint/);
  });

  it("outlives connections that the server closes in the middle of calls", async () => {
    const faults: unknown[] = [];
    const fault = (error: unknown): void => void faults.push(error);
    process.on("uncaughtException", fault);
    const store = await open("away");
    const results = { failed: 0, done: 0 };
    const over = new AbortController();
    const callers = Array.from({ length: 4 }, async (_, caller) => {
      for (let i = 0; !over.signal.aborted; i += 1) {
        await store.grants.createRequest(sampleRequest(`closed-${caller}-${i}`)).then(
          () => (results.done += 1),
          () => (results.failed += 1),
        );
      }
    });
    for (let i = 0; i < 200 && (i < 20 || results.failed < 20); i += 1) {
      await server.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mayflyd'",
      );
    }
    over.abort();
    await Promise.all(callers);
    process.off("uncaughtException", fault);
    expect(results.failed).toBeGreaterThan(0);
    expect(faults).toEqual([]);
    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });

  it("says that it is away, without the password, and works again when it is back", async () => {
    const store = await open("away");
    await server.crash();
    await expect(store.ping()).rejects.toBeInstanceOf(Error);
    await expect(store.grants.lockdown()).rejects.toBeInstanceOf(Error);
    const refused = await open("away").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "store_unavailable", status: 503 });
    expect(String(refused)).not.toContain(server.password);
    await server.start();
    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });
});
