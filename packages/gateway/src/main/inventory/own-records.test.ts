import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { payloadPath } from "@mayfly/audit-verifier";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ActWriter } from "../../audit/log.ts";
import type { RecordContext } from "../../audit/records.ts";
import { context, openTestLog, testFolders } from "../../audit/testing/log.ts";
import type { Found, SeenAct } from "../../gate/inventory/seen.ts";
import { recorded } from "../../protocols/postgres/inventory/recorded.ts";
import { ownActs, type Recording } from "./own-records.ts";

const recording: Recording = { act: "statement", recorded };

// One log for all tests; each test's acts are on a connection of its own.
const folders = testFolders();
let folder: string;
let opened: Awaited<ReturnType<typeof openTestLog>>;
let connection = "";
let start = 0;
let tests = 0;
beforeAll(async () => {
  folder = folders.make();
  opened = await openTestLog(folder);
});
beforeEach(() => {
  tests += 1;
  connection = `db-${tests}`;
  start = opened.clock.wall();
});
afterAll(async () => {
  await opened.log.close();
  folders.removeAll();
});

/** The writer of a session's acts. */
function session(of: Partial<RecordContext> = {}): ActWriter {
  const { log } = opened;
  const opening = log.append({ ...context, connection, ...of, type: "session.opened", detail: {} });
  log.flush();
  return log.writer(opening);
}
const named = (name: string): Pick<RecordContext, "principal"> => ({
  principal: { kind: "agent", issuer: "https://example.okta.com", subject: `0oa${name}`, name },
});

const intent = (acts: ActWriter, sql: unknown, more: object = {}): number =>
  acts.append("act.intent", JSON.stringify({ act: { kind: "query", sql }, ...more }));
const outcome = (acts: ActWriter, of: number, more: object = {}): number =>
  acts.append("act.outcome", JSON.stringify({ intent: of, ...more }));
function done(acts: ActWriter, sql: unknown): void {
  outcome(acts, intent(acts, sql), { rows: 1 });
}

/** What the log tells of a connection. */
async function found(of = connection, by = recording): Promise<readonly Found[]> {
  opened.log.flush();
  const all: Found[] = [];
  for await (const each of ownActs(folder, of, by, () => undefined)) all.push(each);
  return all;
}

const act = (text: string, more: Partial<SeenAct> = {}): Found => ({
  kind: "act",
  act: { act: text, by: "support-bot", at: start, times: 1, ...more },
});
const failed: Found = { kind: "failed" };

test("acts are told with who did them and when, of one connection alone", async () => {
  const orders = session();
  const stock = session({ ...named("stock-bot"), connection: "stock-db" });
  const other = session(named("other-bot"));
  done(orders, "select 1");
  done(stock, "select 2");
  opened.clock.advance(5000);
  done(other, "select 3");
  done(orders, "select 4");
  expect(await found()).toEqual([
    act("select 1"),
    act("select 3", { by: "other-bot", at: start + 5000 }),
    act("select 4", { at: start + 5000 }),
  ]);
  expect(await found("stock-db")).toEqual([act("select 2", { by: "stock-bot" })]);
  expect(await found("none-db")).toEqual([]);
});

describe("an act cannot be read", () => {
  test("that repeats a record which is missing", async () => {
    const acts = session();
    const first = intent(acts, "select 1");
    acts.append("act.intent", JSON.stringify({ act: { kind: "query", parameters: ["1"] }, repeats: first }));
    const lost = acts.append("act.intent", JSON.stringify({ act: { kind: "query" }, repeats: 0 }));
    expect(await found()).toEqual([
      act("select 1"),
      act("select 1"),
      { kind: "unread", line: lost, why: "record 0, which it repeats, is missing" },
    ]);
  });

  test("of which nobody knows any more where it was done", async () => {
    const other = folders.make();
    const { log } = await openTestLog(other);
    const acts = log.writer(0);
    const permitted = intent(acts, "select 1");
    outcome(acts, permitted);
    const denied = acts.append("act.denied", JSON.stringify({ act: { sql: "drop" }, decision: "deny" }));
    await log.close();
    const all: Found[] = [];
    for await (const each of ownActs(other, connection, recording, () => undefined)) all.push(each);
    const why =
      "the record that opened its session is missing, which says where it was done: archived, or removed";
    expect(all).toEqual([permitted, denied].map((line) => ({ kind: "unread", line, why })));
  });
});

test("whoever is not named has no name", async () => {
  const { principal: _, ...nobody } = context;
  const opening = opened.log.append({ ...nobody, connection, type: "session.opened", detail: {} });
  opened.log.flush();
  done(opened.log.writer(opening), "select 1");
  expect(await found()).toEqual([act("select 1", { by: "" })]);
});

test("an act that repeats an earlier one has that one's statement", async () => {
  const acts = session();
  const first = intent(acts, "select $1", {});
  outcome(acts, first);
  for (const parameter of ["a", "b"])
    outcome(acts, acts.append("act.intent", `{"act":{"parameters":["${parameter}"]},"repeats":${first}}`));
  expect(await found()).toEqual([act("select $1"), act("select $1"), act("select $1")]);
});

test("what was denied is told as failed, of this connection alone", async () => {
  const acts = session();
  acts.append("act.denied", '{"act":{"kind":"query","sql":"drop table orders"},"decision":"deny"}');
  done(acts, "select 1");
  session({ connection: "stock-db" }).append("act.denied", '{"act":{"sql":"drop"},"decision":"deny"}');
  expect(await found()).toEqual([failed, act("select 1")]);
});

test("what was permitted is told in its order, whatever came of it, and outcomes tell of nothing more", async () => {
  const acts = session();
  const first = intent(acts, "select 1/0");
  const second = intent(acts, "select 2");
  outcome(acts, second);
  outcome(acts, first, { error: "22012" });
  intent(acts, "select 3");
  outcome(acts, 999_999);
  acts.append("act.outcome", '{"act":{"sql":"select 4"}}');
  expect(await found()).toEqual([act("select 1/0"), act("select 2"), act("select 3")]);
});

test("acts of other kinds, which have no statement, are not told", async () => {
  const acts = session();
  for (const detail of ['{"act":{"kind":"cancel"}}', '{"act":null}', '{"act":"select 1"}', "{}"])
    acts.append("act.intent", detail);
  done(acts, "select 1");
  expect(await found()).toEqual([act("select 1")]);
});

test("what an act is, its kind of connection says", async () => {
  const acts = session();
  const reference = opened.log.payload(Buffer.from("POST /orders"));
  const said: Recording = {
    act: "request",
    recorded: ({ path, kept, why }) => {
      if (typeof why === "string") return { why };
      if (kept !== undefined) return { payload: reference.payload };
      return typeof path === "string" ? { act: `GET ${path}` } : undefined;
    },
  };
  const lines = [{ path: "/orders" }, { sql: "select 1" }, { kept: 1 }, { why: "it was cut" }].map((each) =>
    acts.append("act.intent", JSON.stringify({ act: each })),
  );
  const repeated = acts.append("act.intent", JSON.stringify({ act: {}, repeats: 0 }));
  const rest: readonly Found[] = [
    { kind: "unread", line: lines[3] ?? 0, why: "it was cut" },
    { kind: "unread", line: repeated, why: "record 0, which it repeats, is missing" },
  ];
  expect(await found(connection, said)).toEqual([act("GET /orders"), act("POST /orders"), ...rest]);
  rmSync(join(folder, payloadPath(reference.payload)));
  expect(await found(connection, said)).toEqual([
    act("GET /orders"),
    { kind: "unread", line: lines[2], why: "the request's text was erased" },
    ...rest,
  ]);
});

test("what a record of another type holds is no act", async () => {
  const detail = { act: { kind: "query", sql: "select 1" }, intent: 7 };
  opened.log.append({ ...context, connection, type: "session.closed", detail });
  expect(await found()).toEqual([]);
});

test("a statement that is no text and no reference to one cannot be read, at its record", async () => {
  const acts = session();
  const at = [intent(acts, null), intent(acts, 7), intent(acts, {}), intent(acts, { payload: 7 })];
  expect(await found()).toEqual(
    at.map((line) => ({ kind: "unread", line, why: "the record has no statement" })),
  );
});

describe("a statement that is kept beside the log", () => {
  const long = (): string => `select '${connection}${"x".repeat(40_000)}é'`;
  function keptAt(): { readonly line: number; readonly path: string } {
    const acts = session();
    const reference = opened.log.payload(Buffer.from(long()));
    const line = intent(acts, reference);
    outcome(acts, line);
    return { line, path: join(folder, payloadPath(reference.payload)) };
  }

  test("is read from there", async () => {
    keptAt();
    expect(await found()).toEqual([act(long())]);
  });

  test("cannot be read where it was erased, at its record", async () => {
    const { line, path } = keptAt();
    rmSync(path);
    expect(await found()).toEqual([{ kind: "unread", line, why: "the statement's text was erased" }]);
  });

  test("cannot be read where it was changed, and nothing of what it says now is told", async () => {
    const { line, path } = keptAt();
    writeFileSync(path, "drop table orders");
    expect(await found()).toEqual([
      {
        kind: "unread",
        line,
        why: expect.stringMatching(/^sha256:[0-9a-f]{64} is not what was kept/) as string,
      },
    ]);
  });

  test("cannot be read where a folder has its name", async () => {
    const { line, path } = keptAt();
    rmSync(path);
    mkdirSync(path);
    expect(await found()).toEqual([
      { kind: "unread", line, why: expect.stringContaining("EISDIR") as string },
    ]);
  });

  test("is sought nowhere else, whatever a record names", async () => {
    const acts = session();
    writeFileSync(join(folder, "secret"), "drop");
    const at = ["sha256:../../secret", "../secret", "sha256:", `sha256:${"0".repeat(63)}/`].map((payload) =>
      intent(acts, { payload }),
    );
    const all = await found();
    expect(all.map((each) => each.kind === "unread" && each.line)).toEqual(at);
  });
});
