import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { statStatements } from "./stat-statements.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of statStatements.read(pieces())) all.push(each);
  return all;
}

const unread = (line: number, why: string): object => ({ kind: "unread", line, why });

test("each row is an act, as often as it was called", async () => {
  const text = `rolname,datname,query,calls\nalice,shop,"SELECT $1,\n""a""",7\nbob,shop,COMMIT,1\n`;
  const expected = [
    { kind: "act", act: { act: `SELECT $1,\n"a"`, by: "alice", within: "shop", times: 7 } },
    { kind: "act", act: { act: "COMMIT", by: "bob", within: "shop", times: 1 } },
  ];
  expect(await found(text)).toEqual(expected);
  expect(await found(...text.split(""))).toEqual(expected);
});

test.each(["rolname", "usename", "user", " USER "])("the user is in the column %s", async (name) => {
  expect(await found(`calls,${name},query\n2,alice,A\n`)).toEqual([
    { kind: "act", act: { act: "A", by: "alice", times: 2 } },
  ]);
});

test.each(["datname", "database"])("the database is in the column %s", async (name) => {
  expect(await found(`${name},calls,query\nshop,2,A\n,1,B\n`)).toEqual([
    { kind: "act", act: { act: "A", by: "", within: "shop", times: 2 } },
    { kind: "act", act: { act: "B", by: "", times: 1 } },
  ]);
});

test("what functions did is left out, and so is what was planned only", async () => {
  expect(await found("query,calls,toplevel\nA,1,f\nB,1,false\nC,1,t\nD,0,t\n")).toMatchObject([
    { act: { act: "C" } },
  ]);
});

test("what cannot be read is told with its line", async () => {
  const rows = ["<insufficient privilege>,1", ",1", "A,often", "A,-1", "A", "A,1,2", "B,1"];
  expect(await found(["query,calls", ...rows].join("\n"))).toMatchObject([
    unread(2, "who asked the database may not see this query"),
    unread(3, "the database no longer has this query's text"),
    unread(4, "calls is no number"),
    unread(5, "calls is no number"),
    unread(6, "a row has 1 columns of 2"),
    unread(7, "a row has 3 columns of 2"),
    { act: { act: "B" } },
  ]);
});

test("behind a broken row nothing is read, for it may be the text of a query", async () => {
  expect(await found(`query,calls\nC,1\n"A"B,1\nC,1\n"D`)).toMatchObject([
    { act: { act: "C" } },
    { kind: "unread", line: 3 },
  ]);
});

test("a table of other columns is told once", async () => {
  expect(await found("a,calls\nA,1\nB,1\n")).toEqual([
    unread(1, "the header has no columns query and calls"),
  ]);
  expect(await found("")).toEqual([]);
});

test.each([
  ["rolname,datname,query,calls\nalice,shop,A,1\n", true],
  [`"Query","Calls"\r\n`, true],
  ["query,rows\n", false],
  ["calls,rows\n", false],
  [`2026-11-29 12:00:00.123 UTC,"query","calls",7\n`, false],
  ["", false],
])("%# is recognized or not", (text, is) => {
  expect(statStatements.recognizes(text)).toBe(is);
});
