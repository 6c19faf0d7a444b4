// tier: full
import { beforeAll, expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { audited, brief, executed, failed, found, other, ran, record } from "../testing/log-records.ts";
import type { LogRecord } from "./session-last.ts";
import { sessionLog } from "./session-log.ts";

beforeAll(loadGrammar);

const simple = { transaction: "3/1" };

test("a text that is no SQL was never run", () => {
  expect(brief(failed("SELEC 1; COMMIT", { tag: "idle", code: "42601" }))).toEqual(["failed"]);
  expect(brief(failed("UPDATE a; COMMIT", { tag: "PARSE" }))).toEqual(["failed"]);
});

test.each([{ context: "PL/pgSQL function a" }, { statement: "DO 'A'" }, { severity: "WARNING" }])(
  "what a function raises is no act, and changes none: %j",
  (raised) => {
    const why = "it was raised by a function, not by the server";
    for (const forged of [ran("A", raised), executed("A", raised)])
      expect(found([forged])).toEqual([{ kind: "unread", line: 1, why }]);
    const timed = record({ ...raised, message: "duration: 0.1 ms" });
    expect(brief(ran("A"), timed, failed("A"))).toEqual(["failed"]);
  },
);

test("what a function raises as a line of pgaudit hides none, and pgaudit may log at any level", () => {
  const context = "PL/pgSQL function a";
  expect(brief(audited(7, "B", { context }), audited(7, "A"))).toEqual(["unread", "A"]);
  expect(brief(audited(7, "A", { severity: "NOTICE" }))).toEqual(["A"]);
});

test("what is executed after it failed, or in another transaction, is no further batch", () => {
  const named = (transaction: string): LogRecord =>
    record({ message: "execute fetch from x: A", transaction });
  expect(brief(named("3/1"), failed("A", simple), named("3/1"))).toEqual(["failed", "A"]);
  expect(brief(named("3/1"), named("3/2"))).toEqual(["A", "A"]);
  expect(brief(ran("A", simple), named("3/1"))).toEqual(["A", "A"]);
});

test("what EXECUTE runs is the act, and its own text is what fails", () => {
  const execute = ran("EXECUTE a", { detail: "prepare: PREPARE a AS SELECT 1" });
  expect(brief(execute)).toEqual(["SELECT 1"]);
  expect(brief(execute, failed("EXECUTE a"))).toEqual(["failed"]);
});

test("each further batch of a portal is the same act", () => {
  const fetched = (sql: string, before = ""): LogRecord =>
    record({ message: `${before}execute fetch from a/b: ${sql}` });
  expect(brief(executed("A"), fetched("A"), fetched("A"), executed("A"))).toEqual(["A", "A"]);
  const timed = "duration: 0.100 ms  ";
  expect(
    brief(record({ message: `${timed}execute a: A` }), fetched("A", timed), fetched("A", timed)),
  ).toEqual(["A"]);
  // Its beginning is not in this log.
  expect(brief(executed("B"), fetched("A"))).toEqual(["B", "A"]);
  expect(brief(executed("A"), fetched("A"), failed("A"))).toEqual(["A", "failed"]);
});

test("pgaudit tells of a statement once for each relation", () => {
  expect(brief(audited(1, "A"), audited(1, "A"), audited(2, "A"), audited(2, "A"))).toEqual(["A", "A"]);
  expect(brief(audited(1, "A"), audited(1, "A", { session: "s2" }))).toEqual(["A", "A"]);
  expect(brief(audited(1, "A"), audited(1, "B"))).toEqual(["A", "B"]);
  expect(brief(audited(1, "A", simple), audited(1, "A", { transaction: "3/2" }))).toEqual(["A", "A"]);
  expect(brief(audited(1, "A"), ran("B"), audited(1, "A"))).toEqual(["A", "B"]);
});

test("what pgaudit tells of failed where an error's statement holds it", () => {
  expect(brief(audited(1, "A"), failed("A"))).toEqual(["failed"]);
  expect(brief(audited(1, "A"), failed("A; B"))).toEqual(["unread"]);
  expect(brief(audited(1, "A"), failed("SELECT 'A'"))).toEqual(["A", "failed"]);
  expect(brief(audited(1, "A", { transaction: "3/1" }), failed("A", { transaction: "3/2" }))).toEqual([
    "A",
    "failed",
  ]);
});

test("what both the server and pgaudit log counts once", () => {
  expect(brief(ran("A; B"), audited(1, "A"), audited(2, "B"), failed("A; B"))).toEqual(["unread"]);
  const holding = "INSERT INTO b VALUES ('; A')";
  expect(brief(ran(holding), audited(1, "A"))).toEqual([holding, "A"]);
  expect(brief(ran("A"), audited(1, "A"), ran("A"), audited(2, "A"))).toEqual(["A", "A"]);
  expect(
    brief(ran("EXECUTE a", { detail: "prepare: PREPARE a AS SELECT 1" }), audited(1, "SELECT 1")),
  ).toEqual(["SELECT 1"]);
  expect(
    brief(audited(1, "A"), record({ message: "duration: 0.100 ms  statement: A" }), failed("A")),
  ).toEqual(["A", "failed"]);
});

test("what pgaudit alone logs counts though the statement before it holds its text", () => {
  const before = ran("INSERT INTO b SELECT 1", { transaction: "3/1" });
  expect(brief(before, audited(2, "SELECT 1", { transaction: "3/2" }))).toEqual([
    "INSERT INTO b SELECT 1",
    "SELECT 1",
  ]);
  expect(
    brief(ran("SELECT 1, 2"), record({ message: "duration: 0.100 ms" }), audited(2, "SELECT 1")),
  ).toEqual(["SELECT 1, 2", "SELECT 1"]);
  expect(
    brief(
      audited(1, "SELECT 1"),
      record({ message: "duration: 0.100 ms  statement: INSERT INTO b SELECT 1" }),
    ),
  ).toEqual(["SELECT 1", "INSERT INTO b SELECT 1"]);
});

test("a line of pgaudit that cannot be read is told with its place", () => {
  expect(found([record({ message: "AUDIT: SESSION", line: 7 })])).toEqual([
    { kind: "unread", line: 7, why: "it is no line of pgaudit" },
  ]);
});

test("a record of a session that is idle, or the next statement, says that one is done", () => {
  expect(brief(ran("A"), other({ tag: "idle" }), failed("A"))).toEqual(["A", "failed"]);
  const ambiguous = executed("SELECT 1 --: SELECT 2");
  expect(brief(ran("A"), ambiguous, failed("A"))).toEqual(["unread", "A", "failed"]);
});

test("of many sessions few are held, and what became of the others is not known", () => {
  let acts = 0;
  let unread = 0;
  const log = sessionLog((each) => {
    if (each.kind === "act") acts += 1;
    else unread += 1;
  });
  for (let session = 0; session < 200_000; session += 1) {
    log.take(ran("A", { session: String(session) }));
    if (session - unread > 50_000) throw new Error(`${session - unread} sessions are held`);
  }
  expect(acts).toBe(0);
  log.end();
  expect(acts).toBeGreaterThan(40_000);
  expect(acts + unread).toBe(200_000);
});

test("of many sessions of few processes none is lost, and none fails for another", () => {
  const all: Found[] = [];
  const log = sessionLog((each) => all.push(each));
  for (let session = 0; session < 100_000; session += 1)
    log.take(ran("A", { session: `${session}.${session % 30_000}` }));
  log.end();
  expect(all.filter(({ kind }) => kind === "act")).toHaveLength(100_000);
  expect(brief(ran("A", { session: "1.7" }), failed("A", { session: "2.7" }))).toEqual(["A", "failed"]);
});

test("what is done is let go before what may still fail", () => {
  const all: Found[] = [];
  const log = sessionLog((each) => all.push(each));
  for (let session = 0; session < 50_000; session += 1) log.take(ran("A", { session: String(session) }));
  for (let session = 10_000; session < 20_000; session += 1)
    log.take(other({ session: String(session), tag: "idle" }));
  all.length = 0;
  log.take(ran("A", { session: "more" }));
  expect(all).toEqual([]);
  log.take(failed("A", { session: "0" }));
  expect(all).toEqual([{ kind: "failed" }]);
});

test("long texts are let go before there are many sessions, and what became of them is not known", () => {
  const all: Found[] = [];
  const log = sessionLog((each) => all.push(each));
  for (const session of ["1", "2", "3", "4"]) log.take(ran(session.repeat(8_000_000), { session }));
  expect(all).toEqual([]);
  log.take(ran("5".repeat(8_000_000), { session: "5" }));
  expect(all).toMatchObject([{ kind: "unread" }, { kind: "unread" }]);
});
