import { mkdtempSync, rmSync, statSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Kysely, sql } from "kysely";
import { grantModel } from "../grants/states.ts";
import { openSqlite, relaxedOnSqlite } from "./sqlite.ts";
import { sampleGrant, sampleRequest } from "../grants/testing/samples.ts";
import { openStore } from "./store.ts";
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

const suiteFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
storeSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(suiteFolder, "suite.db") }, grantModel),
  async () => rmSync(suiteFolder, { recursive: true }),
);

const notificationFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
notificationSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(notificationFolder, "suite.db") }, grantModel),
  async () => rmSync(notificationFolder, { recursive: true }),
);

const membershipFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
membershipSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(membershipFolder, "suite.db") }, grantModel),
  async () => rmSync(membershipFolder, { recursive: true }),
);

const cutOffFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
cutOffSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(cutOffFolder, "suite.db") }, grantModel),
  async () => rmSync(cutOffFolder, { recursive: true }),
);

const probeFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
probeSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(probeFolder, "suite.db") }, grantModel),
  async () => rmSync(probeFolder, { recursive: true }),
);

const budgetFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
budgetSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(budgetFolder, "suite.db") }, grantModel),
  async () => rmSync(budgetFolder, { recursive: true }),
);

const pendingFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
pendingSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(pendingFolder, "suite.db") }, grantModel),
  async () => rmSync(pendingFolder, { recursive: true }),
);

const hearingFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
hearingSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(hearingFolder, "suite.db") }, grantModel),
  async () => rmSync(hearingFolder, { recursive: true }),
);

const signInFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
signInSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(signInFolder, "suite.db") }, grantModel),
  async () => rmSync(signInFolder, { recursive: true }),
);

const usageFolder = mkdtempSync(path.join(tmpdir(), "mayfly-store-"));
usageSuite(
  "SQLite",
  () => openStore({ kind: "sqlite", file: path.join(usageFolder, "suite.db") }, grantModel),
  async () => rmSync(usageFolder, { recursive: true }),
);

describe("the SQLite file", () => {
  it("says that it is full, and not that what SQLite rolled back by itself cannot be rolled back", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-full-"));
    const db = new Kysely<{ full: { text: string } }>({ dialect: openSqlite(path.join(folder, "full.db")) });
    await sql`create table full_ (text text)`.execute(db);
    await sql`pragma max_page_count = 4`.execute(db);
    const fill = db.transaction().execute(async (on) => {
      await sql`insert into full_ values (${"-".repeat(1_000_000)})`.execute(on);
    });
    await expect(fill).rejects.toThrow("full");
    await sql`insert into full_ values ('small')`.execute(db);
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  let folder: string;
  const file = (): string => path.join(folder, "data", "mayfly.db");
  const open = (): ReturnType<typeof openStore> => openStore({ kind: "sqlite", file: file() }, grantModel);
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "mayfly-sqlite-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is readable by its owner alone, with its companions", async () => {
    const store = await open();
    await store.grants.createRequest(sampleRequest("r"));
    expect(statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(`${file()}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("keeps what it held when it is opened again, and migrates once", async () => {
    const store = await open();
    const grant = sampleGrant("g", "r");
    await store.grants.createRequest(sampleRequest("r", { state: "approved", grant: "g" }), undefined, grant);
    await store.grants.setLockdown({ since: 1, by: "o", reason: "r" });
    await store.close();
    const again = await open();
    expect(await again.grants.grant("g")).toEqual(grant);
    expect(await again.grants.lockdown()).toEqual({ since: 1, by: "o", reason: "r" });
    await again.close();
  });

  it("survives a power cut with every transaction but those of the index, and after one of those too", async () => {
    const db = new Kysely<unknown>({ dialect: openSqlite(file()) });
    const synchronous = async (on: Kysely<unknown>): Promise<unknown> =>
      (await sql<{ readonly synchronous: number }>`PRAGMA synchronous`.execute(on)).rows[0]?.synchronous;
    const [normal, full] = [1, 2];
    expect(await synchronous(db)).toBe(full);
    let elsewhere: Promise<unknown> | undefined;
    await relaxedOnSqlite(db, async (on) => {
      expect(await synchronous(on)).toBe(normal);
      elsewhere = synchronous(db);
      await on.transaction().execute(async (inside) => expect(await synchronous(inside)).toBe(normal));
    });
    expect(await elsewhere).toBe(full);
    const failing = relaxedOnSqlite(db, (on) =>
      on.transaction().execute(() => Promise.reject(new Error("the disk is full"))),
    );
    await expect(failing).rejects.toThrow("the disk is full");
    expect(await synchronous(db)).toBe(full);
    await db.destroy();
  });

  it("is for one process alone", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({
      code: "store_refused",
      message: expect.stringContaining("in use"),
    });
    await store.close();
  });

  it("is refused when it is another application's", async () => {
    const other = path.join(folder, "other.db");
    const database = new DatabaseSync(other);
    database.exec("create table things (id integer)");
    database.close();
    const refused = openStore({ kind: "sqlite", file: other }, grantModel);
    await expect(refused).rejects.toMatchObject({
      code: "store_refused",
      message: expect.stringContaining("another application"),
    });
    const text = path.join(folder, "notes.txt");
    writeFileSync(text, "not a database, but long enough to be looked at as if it were one".repeat(20));
    await expect(openStore({ kind: "sqlite", file: text }, grantModel)).rejects.toMatchObject({
      code: "store_refused",
      message: expect.stringContaining("not an SQLite database"),
    });
    const blocked = path.join(text, "mayfly.db");
    await expect(openStore({ kind: "sqlite", file: blocked }, grantModel)).rejects.toMatchObject({
      code: "store_refused",
    });
  });

  it("is refused by name when its pages are damaged", async () => {
    const store = await open();
    await store.grants.createRequest(sampleRequest("r"));
    await store.close();
    const bytes = readFileSync(file());
    writeFileSync(file(), bytes.fill(0xff, 4096));
    await expect(open()).rejects.toMatchObject({
      code: "store_refused",
      message: expect.stringContaining(file()),
      hint: expect.any(String),
    });
  });

  it("is refused when a newer Mayfly wrote it", async () => {
    await (await open()).close();
    const database = new DatabaseSync(file());
    database.exec("insert into mayfly_migration (name, timestamp) values ('0099_later', 'now')");
    database.close();
    await expect(open()).rejects.toMatchObject({
      code: "store_newer",
      message: expect.stringContaining("0099_later"),
    });
  });

  it("lets an older version forget a request that was reviewed", async () => {
    const store = await open();
    await store.grants.createRequest(sampleRequest("r"));
    await store.close();
    const database = new DatabaseSync(file(), { enableForeignKeyConstraints: true });
    database.exec("insert into mayfly_reviews values ('r', 'i', 's', 1, '{}')");
    database.exec("delete from mayfly_requests where id = 'r'");
    expect(database.prepare("select * from mayfly_reviews").all()).toEqual([]);
    database.close();
  });

  it("enforces the states by itself", async () => {
    const store = await open();
    await store.grants.createRequest(
      sampleRequest("r", { state: "approved", grant: "g" }),
      undefined,
      sampleGrant("g", "r"),
    );
    await store.close();
    const database = new DatabaseSync(file());
    for (const statement of [
      "update mayfly_grants set state = 'eternal'",
      "update mayfly_grants set state = 'expired'",
      "update mayfly_grants set ends_at = activated_at",
      "update mayfly_requests set state = 'pending'",
      "update mayfly_requests set state = 'nonsense'",
      "insert into mayfly_grants select 'g2', request, requester, state, activated_at, ends_at, null, null, null, null, body from mayfly_grants",
      "insert into mayfly_approvals values ('nothing', 'i', 's', 'approve', 1, '{}')",
      "insert into mayfly_approvals values ('r', 'i', 's', 'perhaps', 1, '{}')",
      "insert into mayfly_control values (2, null)",
    ]) {
      expect(() => database.exec(statement)).toThrow(/constraint/i);
    }
    database.close();
  });
});
