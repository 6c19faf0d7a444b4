import { beforeAll, expect, test } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { readLogMessage, type Said } from "./log-message.ts";
import { languages } from "./log-words.ts";

beforeAll(loadGrammar);

const read = (message: string, detail = "", tag = "idle"): Said | undefined =>
  readLogMessage(message, detail, tag);
const statement = (sent: string, how = "simple", isDone = false, ...texts: readonly string[]): unknown => ({
  kind: "statement",
  sent,
  run: { texts: texts.length === 0 ? [sent] : texts },
  how,
  isDone,
});

test.each([
  ["statement: SELECT 1", statement("SELECT 1")],
  ["statement: SELECT\n  1", statement("SELECT\n  1")],
  ["execute <unnamed>: SELECT $1", statement("SELECT $1", "extended")],
  ["execute S_1: SELECT ': '", statement("SELECT ': '", "extended")],
  ["execute S_1/C_2: SELECT 1", statement("SELECT 1", "extended")],
  ["execute fetch from S_1/C_2: SELECT 1", statement("SELECT 1", "fetch")],
  ["duration: 0.123 ms  statement: SELECT 1", statement("SELECT 1", "simple", true)],
  ["duration: 1234.567 ms  execute S_1: SELECT 1", statement("SELECT 1", "extended", true)],
  ["duration: 0.1 ms  execute fetch from S_1/C_2: SELECT 1", statement("SELECT 1", "fetch", true)],
  ["duration: 0.123 ms", { kind: "duration" }],
])("%s", (message, said) => {
  expect(read(message)).toEqual(said);
});

test.each([
  "",
  "duration: 0.1 ms  parse S_1: SELECT 1",
  "duration: 0.1 ms  bind S_1/C_2: SELECT 1",
  "duration: 0.1 ms  bind <unnamed>: execute x: SELECT 1",
  "duration: 0.1 ms  plan:\nQuery Text: SELECT 1",
  "duration: long ms  statement: SELECT 1",
  "duration: 0.1 ms and more",
  "execute it",
  "statement: ",
  "statement:  \n ",
  "the statement: SELECT 1",
  "connection authorized: user=a database=b",
  "received replication command: START_REPLICATION",
  'fastpath function call: "lo_open" (OID 952)',
  "deklaro: SELECT 1",
])("nothing is run by %j", (message) => {
  expect(read(message)).toBeUndefined();
});

test("a statement is read in each language", () => {
  expect(languages).toHaveLength(17);
  for (const words of languages) {
    const [before, after] = words.timedStatement;
    const [beforeExecute, afterExecute] = words.timedExecute ?? words.timedStatement;
    const fetch = words.fetch ?? "execute fetch from ";
    expect(read(`${words.statement}SELECT 1`)).toEqual(statement("SELECT 1"));
    expect(read(`${words.execute}a: SELECT 1`)).toEqual(statement("SELECT 1", "extended"));
    expect(read(`${fetch}a/b: SELECT 1`)).toEqual(statement("SELECT 1", "fetch"));
    expect(read(`${before}0.100${after}SELECT 1`)).toEqual(statement("SELECT 1", "simple", true));
    const timed = `${beforeExecute}0.100${afterExecute}`;
    expect(read(`${timed}${words.execute}a: SELECT 1`)).toEqual(statement("SELECT 1", "extended", true));
    expect(read(`${timed}execute a: SELECT 1`)).toEqual(statement("SELECT 1", "extended", true));
    expect(read(words.timed.join("0.100"))).toEqual({ kind: "duration" });
    expect(read(`${words.statement}EXECUTE a`, `${words.prepare}PREPARE a AS SELECT 2`)).toEqual(
      statement("EXECUTE a", "simple", false, "SELECT 2"),
    );
  }
});

test.each([
  ["Anweisung: SELECT 1", statement("SELECT 1")],
  ["durée : 0.100 ms, instruction : SELECT 1", statement("SELECT 1", "simple", true)],
  ["期間: 0.100 ミリ秒  実行 a/b: SELECT 1", statement("SELECT 1", "extended", true)],
  ["продолжительность: 0.100 мс, оператор: SELECT 1", statement("SELECT 1", "simple", true)],
  ["ejecutar fetch desde a/b: SELECT 1", statement("SELECT 1", "fetch")],
])("as servers of other languages write it: %s", (message, said) => {
  expect(read(message)).toEqual(said);
});

test.each([
  ["EXECUTE a(1)", "PREPARE a (int) AS SELECT $1", "SELECT $1"],
  [" execute a ; ", "prepare a as SELECT 1;", "SELECT 1"],
  ["EXECUTE a(1)", 'PREPARE "a ""b" (numeric(10, 2), text) AS\nSELECT $1', "SELECT $1"],
  ["EXECUTE a(1)", "PREPARE a(int)AS SELECT $1", "SELECT $1"],
  ["/* a */ EXECUTE a; -- b", "PREPARE/**/a AS SELECT 1 -- c", "SELECT 1"],
  // Of several statements that were sent together, the one of the name.
  ["EXECUTE a(1)", "BEGIN; PREPARE A AS SELECT 'é;'; PREPARE b AS SELECT 2", "SELECT 'é;'"],
  // It was prepared by the protocol.
  ["EXECUTE a(1)", "UPDATE b SET c = 1", "UPDATE b SET c = 1"],
  ["/**/EXECUTE a", "WITH x AS (SELECT 1) SELECT 2", "WITH x AS (SELECT 1) SELECT 2"],
])("%s of %s is %s", (sent, prepared, sql) => {
  expect(read(`statement: ${sent}`, `prepare: ${prepared}`)).toEqual(statement(sent, "simple", false, sql));
});

test.each([
  "EXECUTE a(1); DROP TABLE b",
  "SELECT 1; EXECUTE a",
  "CREATE TABLE b AS EXECUTE a",
  "newer EXECUTE a",
])("%s is an act beside what it executes", (sent) => {
  expect(read(`statement: ${sent}`, "prepare: PREPARE a AS SELECT 1")).toEqual(
    statement(sent, "simple", false, "SELECT 1", sent),
  );
});

test("what cannot be told of an EXECUTE is said", () => {
  const twice = "PREPARE a AS SELECT 1; DEALLOCATE a; PREPARE a AS SELECT 2";
  expect(read("statement: EXECUTE a", `prepare: ${twice}`)).toMatchObject({
    run: { texts: [], why: "what EXECUTE runs was prepared among other statements" },
  });
  expect(read("statement: EXECUTE a; EXECUTE b", "prepare: DELETE FROM c")).toMatchObject({
    run: { texts: ["DELETE FROM c"], why: "of several EXECUTE the log says for one what it runs" },
  });
});

const ambiguous = {
  kind: "unreadable",
  why: "where its name ends and its statement begins can be read in two ways",
};

test.each([
  ["x: SELECT id FROM orders --: UPDATE orders SET id = 1", "UPDATE"],
  ["x: DELETE FROM orders --: SELECT 1", "SELECT"],
  ["x: -- a: SELECT 1", "SELECT"],
  // Newer than the grammar, one or both.
  ["x: SELECT newer syntax --: DELETE FROM b newer", "SELECT"],
  ["x: DELETE FROM b newer syntax --: DELETE FROM c", "DELETE"],
])("a name with a colon makes %s ambiguous", (rest, tag) => {
  for (const before of ["execute ", "execute fetch from ", "duration: 0.1 ms  execute "])
    expect(read(`${before}${rest}`, "", tag)).toEqual(ambiguous);
});

test.each([
  `SELECT ': ', '{"a": 1, "b": "x", "c": true}'`,
  "SELECT a[1: 2] FROM b",
  "-- name: select_author\nSELECT 1",
  "/* controller: show, note: select one */ SELECT 1",
  "SELECT 'note: select the best', 'to: Update'",
  `SELECT '${`"a": 1, `.repeat(1000)}'`,
  `SELECT '${"a: select ".repeat(198)}'`,
])("%s stays readable", (sql) => {
  expect(read(`execute a: ${sql}`, "", "SELECT")).toEqual(statement(sql, "extended"));
});

test("more beginnings than are tried make it ambiguous, in bounded time", () => {
  expect(read(`execute a: SELECT '${"a: select ".repeat(201)}'`)).toEqual(ambiguous);
  const long = `a: select ${"x".repeat(100_000)}`.repeat(150);
  expect(read(`execute a: SELECT '${long}'`)).toEqual(ambiguous);
});

test.each([
  ["SELECT 1", "UPDATE", false],
  ["UPDATE a SET b = 1", "SELECT", false],
  ["DROP TABLE a", "SELECT", false],
  ["SELECT 1", "DROP TABLE", false],
  ["WITH a AS (SELECT 1) DELETE FROM b WHERE c = ': select '", "SELECT", false],
  ["WITH a AS (SELECT 1) DELETE FROM b WHERE c = ': select '", "DELETE", true],
  ["WITH a AS (SELECT 1) DELETE FROM b", "DELETE", true],
  ["(VALUES (1))", "SELECT", true],
  ["SELECT 1", "", true],
  ["SELECT 1", "authentication", true],
  ["SELECT 1 INTO a", "CREATE TABLE AS", true],
  ["CREATE TABLE a ()", "CREATE TABLE", true],
])("%s under the tag %j: %j", (sql, tag, is) => {
  const told = { kind: "unreadable", why: "its statement is not of the kind that the record says" };
  expect(read(`execute a: ${sql}`, "", tag)).toEqual(is ? statement(sql, "extended") : told);
});

const unknownRun = "the log does not say what EXECUTE runs";
test.each([
  ["EXECUTE a", "PREPARE a AS SELECT 1", []],
  ["/* x */ execute a(1)", "", []],
  ["EXPLAIN ANALYZE EXECUTE a", "", ["EXPLAIN ANALYZE EXECUTE a"]],
  ["SELECT 1; EXECUTE a", "", ["SELECT 1; EXECUTE a"]],
])("%s without what was prepared (%s) is not known", (sql, detail, texts) => {
  for (const message of [`statement: ${sql}`, `execute <unnamed>: ${sql}`])
    expect(read(message, detail)).toMatchObject({ sent: sql, run: { texts, why: unknownRun } });
});

test.each(["SELECT 'execute a'", "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()"])(
  "%s runs no other statement",
  (sql) => {
    expect(read(`statement: ${sql}`)).toEqual(statement(sql));
  },
);

test.each([
  [`SESSION,1,1,READ,SELECT,TABLE,public.orders,"SELECT a, b",<none>`, "1", "SELECT a, b"],
  [`SESSION,2,1,READ,SELECT,,,SELECT 1,<not logged>`, "2", "SELECT 1"],
  [
    `OBJECT,33,1,WRITE,UPDATE,TABLE,public.a,"UPDATE a\nSET b = ""c""",<none>,3`,
    "33",
    `UPDATE a\nSET b = "c"`,
  ],
  [`SESSION,4,1,READ,SELECT,,,PREPARE a AS SELECT 1,<none>`, "4", "SELECT 1"],
  [`SESSION,5,1,READ,PREPARE,,,PREPARE a AS SELECT 1,<none>`, "5", "PREPARE a AS SELECT 1"],
])("pgaudit tells %s", (line, number, sql) => {
  expect(read(`AUDIT: ${line}`)).toEqual({ kind: "audit", sql, statement: number });
});

test.each([
  "SESSION,1,2,READ,SELECT,TABLE,public.orders,SELECT 1,<none>",
  "SESSION,1,1,READ,SELECT,TABLE,public.orders,<previously logged>,<previously logged>",
  "SESSION,1,1,READ,SELECT,TABLE,public.orders,<not logged>,<not logged>",
  "SESSION,1,1,READ,SELECT,TABLE,public.orders,,<none>",
])("pgaudit tells nothing of a client in %s", (line) => {
  expect(read(`AUDIT: ${line}`)).toBeUndefined();
});

test.each([
  "SESSION,1,1,READ",
  `SESSION,1,1,READ,SELECT,TABLE,public.orders,"SELECT 1,<none>`,
  "RULE,1,1,READ,SELECT,TABLE,public.orders,SELECT 1,<none>",
  "SESSION,x,1,READ,SELECT,TABLE,public.orders,SELECT 1,<none>",
  "SESSION,1,,READ,SELECT,TABLE,public.orders,SELECT 1,<none>",
])("a line that pgaudit does not write is told: %s", (line) => {
  expect(read(`AUDIT: ${line}`)).toMatchObject({ kind: "unreadable" });
});

test("long hostile messages take no long time, and no expression gives up on them", () => {
  const spaces = " ".repeat(1_000_000);
  for (const head of [spaces, `a${spaces}x`, `a ${"(".repeat(500_000)}`, `a (${"()".repeat(8_000_000)}`])
    expect(read("statement: EXECUTE a", `prepare: PREPARE ${head}`)).toMatchObject({
      run: { texts: [`PREPARE ${head}`] },
    });
});
