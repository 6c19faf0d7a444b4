import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CompiledQuery, Kysely } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GrantStore } from "../grants/grants.ts";
import { grantModel } from "../grants/states.ts";
import { agent, sampleGrant, sampleRequest } from "../grants/testing/samples.ts";
import { forgetEnded } from "./forget-ended.ts";
import { grantStore } from "./grant-store.ts";
import type { Tables } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";
import { openStore } from "./store.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mayfly-newest-"));
const file = path.join(folder, "mayfly.db");
const requester = grantModel.requesterKey(agent);
const queries: CompiledQuery[] = [];
let db: Kysely<Tables>;
let store: GrantStore;

beforeAll(async () => {
  const made = await openStore({ kind: "sqlite", file }, grantModel);
  await made.grants.createRequest(
    sampleRequest("req_1", { state: "approved", grant: "gr_1" }),
    undefined,
    sampleGrant("gr_1", "req_1"),
  );
  await made.close();
  db = new Kysely({ dialect: openSqlite(file), log: ({ query }) => void queries.push(query) });
  store = grantStore(db, "sqlite", grantModel);
});
afterAll(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true });
});

/** How SQLite finds what a call asks for, by its first query or another (sqlite.org/eqp.html). */
async function planOf(call: () => Promise<unknown>, at = 0): Promise<string[]> {
  queries.length = 0;
  await call();
  const query = queries[at];
  if (query === undefined) throw new Error("nothing was asked");
  const explain = CompiledQuery.raw(`explain query plan ${query.sql}`, [...query.parameters]);
  const { rows } = await db.executeQuery<{ readonly detail: string }>(explain);
  return rows.map(({ detail }) => detail);
}

const lists: Readonly<Record<string, () => Promise<unknown>>> = {
  "all grants": () => store.grants({ limit: 100 }),
  "grants of one state": () => store.grants({ state: "expired", limit: 100 }),
  "grants of one requester": () => store.grants({ requester, limit: 5 }),
  "the next page of all grants": () => store.grants({ before: "gr_1", limit: 100 }),
  "requests of one requester": () => store.requests({ requester, limit: 100 }),
};

it.each(Object.keys(lists))("%s: the newest are found without a look at the others", async (name) => {
  const plan = await planOf(lists[name]!);
  expect(plan.join("\n")).toMatch(/using (?:covering )?index|using integer primary key/i);
  expect(plan.join("\n")).not.toMatch(/temp b-tree/i);
});

it("what ended first is found without a look at what ended since", async () => {
  const forget = (): Promise<unknown> => forgetEnded(db, 1, () => Promise.resolve(() => true));
  expect((await planOf(forget)).join("\n")).toMatch(/search mayfly_grants using index mayfly_grants_ended/i);
  expect((await planOf(forget, 1)).join("\n")).toMatch(
    /search mayfly_requests using index mayfly_requests_ended/i,
  );
});
