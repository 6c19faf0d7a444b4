// tier: full
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import type { LogQuestions } from "../audit/logs/port.ts";
import { grantModel } from "../grants/states.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore, type Store } from "./store.ts";

let server: EmbeddedPostgres;
let store: Store;
let questions: LogQuestions;
let direct: Client;

beforeAll(async () => {
  server = await startPostgres();
  await server.run("create database questions");
  store = await openStore({ kind: "postgres", url: new Secret(server.url("questions")) }, grantModel);
  if (store.shared === undefined) throw new Error("no shared logs");
  questions = store.shared.questions;
  direct = new Client({ connectionString: server.url("questions") });
  await direct.connect();
});
afterAll(async () => {
  await direct?.end();
  await store?.close();
  await server?.stop();
});

const ids = async (): Promise<readonly string[]> =>
  (await direct.query<{ id: string }>("select id from mayfly_log_questions order by id")).rows.map(
    ({ id }) => id,
  );

/** Has a question be older by the store's clock. */
const age = (id: string, ms: number) =>
  direct.query("update mayfly_log_questions set asked_at = asked_at - $2 where id = $1", [id, ms]);

it("gives a log the oldest of each lane for which somebody waits, with its age", async () => {
  await questions.ask([
    { id: "s1", log: "a", lane: "search", body: "1" },
    { id: "s2", log: "a", lane: "search", body: "2" },
    { id: "r1", log: "a", lane: "read", body: "3" },
    { id: "o1", log: "b", lane: "read", body: "4" },
  ]);
  await age("s1", 2000);
  const first = await questions.next("a", "search");
  expect(first).toMatchObject({ id: "s1", body: "1" });
  expect(first?.age).toBeGreaterThanOrEqual(2000);
  expect(await questions.next("a", "read")).toMatchObject({ id: "r1" });
  expect(await questions.next("c", "read")).toBeUndefined();
  // Nobody waits that long.
  await age("s1", 60_000);
  expect(await questions.next("a", "search")).toMatchObject({ id: "s2" });
  await questions.answer("s2", "{}");
  expect(await questions.next("a", "search")).toBeUndefined();
  expect(await questions.answers(["s1", "s2"])).toEqual(new Map([["s2", "{}"]]));
});

it("forgets what is taken back, and what was left behind by age alone", async () => {
  expect(await ids()).toEqual(["o1", "r1", "s1", "s2"]);
  await questions.forget(["r1"]);
  await questions.forget([]);
  expect(await ids()).toEqual(["o1", "s1", "s2"]);
  await questions.forgetOld();
  expect(await ids()).toEqual(["o1", "s2"]);
});

it("reads nothing of what is longer than any gateway writes", async () => {
  await questions.ask([{ id: "l1", log: "long", lane: "read", body: "1" }]);
  const put = (column: string, bytes: number) =>
    direct.query(`update mayfly_log_questions set ${column} = repeat('x', $1) where id = 'l1'`, [bytes]);
  const bound = 32 * 1024 * 1024;
  await put("body", bound + 1);
  expect(await questions.next("long", "read")).toMatchObject({ id: "l1", body: "" });
  await put("answer", bound + 1);
  expect(await questions.answers(["l1"])).toEqual(new Map([["l1", ""]]));
  await put("answer", bound);
  expect((await questions.answers(["l1"])).get("l1")).toHaveLength(bound);
});
