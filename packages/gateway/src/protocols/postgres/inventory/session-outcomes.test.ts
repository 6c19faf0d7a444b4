import { beforeAll, expect, test } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { brief, executed, failed, found, other, ran, record } from "../testing/log-records.ts";

beforeAll(loadGrammar);

test("an act says who did it, where and when", () => {
  expect(found([ran("A", { time: "2026-11-29 12:00:00.123 UTC" })])).toEqual([
    {
      kind: "act",
      act: { act: "A", by: "alice", within: "shop", at: Date.UTC(2026, 10, 29, 12, 0, 0, 123), times: 1 },
    },
  ]);
});

test("without a user it is the application's, and what is not said is left out", () => {
  expect(found([ran("A", { user: "", database: "", time: "at noon" })])).toEqual([
    { kind: "act", act: { act: "A", by: "backend", times: 1 } },
  ]);
});

test("what a client did counts, and nothing of the server's own processes", () => {
  const others = ["parallel worker", "autovacuum worker", "logical replication worker"];
  expect(brief(...others.map((backend) => ran("A", { backend })))).toEqual(others.map(() => "unread"));
  expect(brief(...others.map((backend) => other({ backend })))).toEqual([]);
  expect(brief(ran("A", { backend: "walsender" }))).toEqual(["A"]);
  expect(brief(ran("A"), failed("A", { backend: "parallel worker" }))).toEqual(["A"]);
  // PostgreSQL 12 does not say what the process is.
  expect(brief(ran("A", { backend: "" }))).toEqual(["A"]);
});

test("a statement that an error names failed", () => {
  expect(brief(ran("A"), failed("A"), ran("B"))).toEqual(["failed", "B"]);
});

test("it failed though other messages of the session stand between", () => {
  expect(brief(ran("A"), other(), failed("A"))).toEqual(["failed"]);
});

test("an error in another session changes nothing", () => {
  expect(brief(ran("A"), failed("A", { session: "s2" }))).toEqual(["failed", "A"]);
});

const simple = { transaction: "3/1" };

test("an error without a statement is of what was run right before it in its transaction", () => {
  expect(brief(ran("A", simple), failed("", simple))).toEqual(["failed"]);
  expect(brief(ran("A", simple), other(), failed("", simple))).toEqual(["A"]);
  expect(brief(ran("A", simple), failed("", { transaction: "3/2" }))).toEqual(["A"]);
  expect(brief(ran("A"), failed(""))).toEqual(["A"]);
  // What the client named is not there, or what it sent is no text.
  for (const code of ["34000", "26000", "22021", "08P01", "25P02"])
    expect(brief(ran("A", simple), failed("", { ...simple, code }))).toEqual(["A"]);
  for (const tag of ["idle in transaction", "<FASTPATH>", "PARSE", "BIND"])
    expect(brief(ran("A", simple), failed("", { ...simple, tag }))).toEqual(["A"]);
});

test.each(["08006", "57P01", "57P05", "25P03", "25P04"])(
  "%s without a statement ends a session that was idle",
  (code) => {
    expect(brief(ran("A", simple), failed("", { ...simple, severity: "FATAL", code }))).toEqual(["A"]);
  },
);

test("an error that names another statement leaves the last one done", () => {
  expect(brief(ran("A"), failed("B"), ran("C"))).toEqual(["A", "failed", "C"]);
});

test("a statement that was logged once it was done cannot fail later", () => {
  const timed = record({ message: "duration: 0.100 ms  statement: A" });
  expect(brief(timed, failed("A"))).toEqual(["A", "failed"]);
  expect(brief(ran("A"), record({ message: "duration: 0.100 ms" }), failed("A"))).toEqual(["A", "failed"]);
});

test("an error tells nothing where no statement was run", () => {
  expect(brief(failed(""), failed(" "))).toEqual([]);
});

test("a warning with an error's code is no failure", () => {
  expect(brief(ran("BEGIN"), failed("BEGIN", { severity: "WARNING", code: "25001" }))).toEqual(["BEGIN"]);
});

test("a text that fails before it is executed again was executed before", () => {
  expect(brief(executed("A"), failed("A"))).toEqual(["failed"]);
  expect(brief(executed("A"), failed("A", { tag: "BIND" }))).toEqual(["A", "failed"]);
  expect(brief(executed("A"), failed("A", { tag: "PARSE" }))).toEqual(["A", "failed"]);
  expect(brief(executed("A", { transaction: "3/1" }), failed("A", { transaction: "3/2" }))).toEqual([
    "A",
    "failed",
  ]);
  expect(brief(executed("A", { transaction: "3/1" }), failed("A", { transaction: "3/1" }))).toEqual([
    "failed",
  ]);
  expect(brief(ran("A"), failed("A", { tag: "PARSE" }))).toEqual(["A", "failed"]);
});

test("what failed in another transaction than it began in was committed in part", () => {
  expect(brief(ran("A", simple), failed("A", { transaction: "3/2" }))).toEqual(["A"]);
});

test.each([
  "UPDATE a SET b = 1; COMMIT; SELECT 1/0",
  "UPDATE a SET b = 1; END; SELECT 1/0",
  "BEGIN; UPDATE a SET b = 1; PREPARE TRANSACTION 'c'; SELECT 1/0",
  "SELECT a FROM b; ROLLBACK; SELECT 1/0",
  "SELECT a FROM b; /**/CALL c()",
  "CALL a()",
  "DO $$ BEGIN UPDATE a SET b = 1; COMMIT; PERFORM 1/0; END $$",
])("%s failed, and counts as done", (sql) => {
  expect(brief(ran(sql, simple), failed(sql, simple))).toEqual([sql]);
  // Where the server logs no statements but those that were done.
  expect(brief(failed(sql, simple))).toEqual([sql]);
});

test.each(["SELECT a FROM secrets; SELECT 1/0", "NEWER syntax; SELECT 1"])(
  "how much of %s was done is not known once it failed",
  (sql) => {
    expect(found([ran(sql, simple), failed(sql, simple)])).toEqual([
      { kind: "unread", line: 1, why: "it failed, and how much of it was done is not known" },
    ]);
  },
);

test.each(["SELECT 'a; b; CALL c()'", "SELECT 1; -- a", "COMMIT", "DO $$ BEGIN RAISE 'a'; END $$"])(
  "%s failed, also where it was cancelled",
  (sql) => {
    expect(brief(ran(sql, simple), failed(sql, simple))).toEqual(["failed"]);
    expect(brief(ran(sql, simple), failed(sql, { ...simple, code: "57014" }))).toEqual(["failed"]);
  },
);
