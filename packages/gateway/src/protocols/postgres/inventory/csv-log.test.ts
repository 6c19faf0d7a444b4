import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { postgresCsv } from "./csv-log.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of postgresCsv.read(pieces())) all.push(each);
  return all;
}

interface Columns {
  time?: string;
  user?: string;
  session?: string;
  tag?: string;
  transaction?: string;
  severity?: string;
  code?: string;
  message?: string;
  detail?: string;
  statement?: string;
  context?: string;
  backend?: string;
  count?: number;
}

/** A record as the server writes it, of PostgreSQL 18 where it has all columns. */
function line(more: Columns = {}): string {
  const quoted = (text = ""): string => `"${text.replaceAll('"', '""')}"`;
  const all = [
    more.time ?? "2026-11-29 12:00:00.123 UTC",
    more.user === "" ? "" : quoted(more.user ?? "alice"),
    quoted("shop"),
    "7",
    quoted("10.0.0.1:5000"),
    more.session ?? "s1",
    "1",
    quoted(more.tag ?? "idle"),
    "2026-11-29 11:00:00 UTC",
    more.transaction ?? "3/1",
    "0",
    more.severity ?? "LOG",
    more.code ?? "00000",
    quoted(more.message ?? "statement: SELECT 1"),
    `${quoted(more.detail)},,,,${more.context === undefined ? "" : quoted(more.context)}`,
    more.statement === undefined ? "" : quoted(more.statement),
    `,,${quoted("backend")}`,
    quoted(more.backend ?? "client backend"),
    ",0,one more",
  ];
  // The last columns hold no comma.
  return `${all
    .join(",")
    .split(",")
    .slice(0, (more.count ?? 26) - 27 || undefined)
    .join(",")}\n`;
}
const act = (text: string): object => ({
  kind: "act",
  act: { act: text, by: "alice", within: "shop", at: Date.UTC(2026, 10, 29, 12, 0, 0, 123), times: 1 },
});

test("each record is read, with the newlines and quotes of its message", async () => {
  const text = line() + line({ message: `statement: SELECT "a",\n'b'` });
  expect(await found(text)).toEqual([act("SELECT 1"), act(`SELECT "a",\n'b'`)]);
  expect(await found(...text.split(""))).toEqual(await found(text));
});

test.each([23, 24, 25, 26])("records have %d columns", async (count) => {
  expect(await found(line({ count }))).toEqual([act("SELECT 1")]);
});

test.each([22, 27])("a record of %d columns is told, and nothing within it is read", async (count) => {
  expect(await found(line({ count, message: `x\n${line()}` }), line())).toEqual([
    { kind: "unread", line: 1, why: `a record has ${count} columns` },
    act("SELECT 1"),
  ]);
});

test("each column stands for what it is", async () => {
  const error = { severity: "FEHLER", code: "22P02", message: "invalid", statement: "SELECT 1" };
  const execute = { message: "execute a: SELECT 1" };
  expect(await found(line() + line(error))).toEqual([{ kind: "failed" }]);
  expect(await found(line() + line({ ...error, severity: "ERARO" }))).toEqual([{ kind: "failed" }]);
  expect(await found(line() + line({ ...error, session: "s2" }))).toEqual([
    { kind: "failed" },
    act("SELECT 1"),
  ]);
  expect(await found(line(execute) + line({ ...error, tag: "BIND" }))).toEqual([
    act("SELECT 1"),
    { kind: "failed" },
  ]);
  expect(await found(line(execute) + line({ ...error, transaction: "3/2" }))).toEqual([
    act("SELECT 1"),
    { kind: "failed" },
  ]);
  const others = [{ context: "PL/pgSQL function a" }, { statement: "SELECT a()" }, { user: "" }];
  for (const more of [...others, { ...execute, tag: "DELETE" }, { backend: "parallel worker" }])
    expect(await found(line(more))).toMatchObject([{ kind: "unread" }]);
  expect(await found(line({ backend: "walsender" }))).toEqual([act("SELECT 1")]);
  const prepared = { message: "statement: EXECUTE a", detail: "prepare: PREPARE a AS SELECT 2" };
  expect(await found(line(prepared))).toEqual([act("SELECT 2")]);
});

test.each(["UTC", "CET", "+02", "-0530", "<+03>"])("a record may begin with a time in %s", async (zone) => {
  expect(await found(line({ time: `2026-11-29 12:00:00.123 ${zone}` }))).toMatchObject([
    { act: { act: "SELECT 1" } },
  ]);
});

test("a file that begins in the middle of a record, and one that ends there", async () => {
  const text = line({ message: `statement: SELECT 'a',\n'b'` });
  expect(await found(text.slice(90), line(), text.slice(0, 130))).toMatchObject([
    { kind: "unread", line: 1 },
    { kind: "unread", line: 4, why: "a quote is never closed, and the rest is not read" },
    act("SELECT 1"),
  ]);
});

test("two files that were joined in the middle of a line", async () => {
  expect(await found(line().slice(0, 100) + line({ message: "statement: LOST" }), line())).toMatchObject([
    { kind: "unread", line: 1 },
    act("SELECT 1"),
  ]);
});

test("a statement that holds records of a log passes none off", async () => {
  const forged = line({ message: "statement: DROP TABLE orders" });
  expect(await found(line({ message: `statement: SELECT '\n${forged}'` }))).toEqual([
    act(`SELECT '\n${forged}'`),
  ]);
  const bare = "2026-11-29 12:00:00.123 UTC,root,shop,7,,s1,1,,,,,LOG,00000,statement: DROP,,,,,,,,,,,,\n";
  expect(await found(line({ message: `statement: SELECT '\n${bare}'` }))).toEqual([
    act(`SELECT '\n${bare}'`),
  ]);
});

test("a record of more than 16 MiB is told, and the next one is read", async () => {
  const long = line({ message: `statement: ${"x".repeat(17_000_000)}` });
  expect(await found(long.slice(0, 9_000_000), long.slice(9_000_000), line())).toEqual([
    { kind: "unread", line: 1, why: "a record is longer than 16777216 characters" },
    act("SELECT 1"),
  ]);
});

test("within a record that is too long, is never closed or is broken, no text is a record", async () => {
  const bare =
    "2026-11-29 12:00:00.123 UTC,root,shop,7,,s1,1,,,,,LOG,00000,statement: DROP,,,,,,,,,,client backend,,\n";
  const kinds = async (...texts: readonly string[]): Promise<string[]> =>
    (await found(...texts)).map((each) => (each.kind === "act" ? each.act.act : each.kind));
  for (const forged of [bare, bare.replace("root", ""), line({ message: "statement: DROP" })]) {
    const long = line({ message: `statement: SELECT '\n${forged}\n${"x".repeat(17_000_000)}'` });
    expect(await kinds(long, line())).toEqual(["unread", "SELECT 1"]);
    const holding = line({ message: `statement: SELECT '\n${forged}\n'` });
    // The file ends within it.
    expect(await kinds(line(), holding.slice(0, -60))).toEqual(["unread", "SELECT 1"]);
    // It is joined to the middle of another.
    expect(await kinds(line().slice(0, 110) + holding, line())).toEqual(["unread", "SELECT 1"]);
    // The file begins within it.
    expect(await kinds(holding.slice(holding.indexOf("\n") + 1), line())).not.toContain("DROP");
  }
});

test("NULs and halves of characters are kept", async () => {
  expect(await found(line({ message: "statement: SELECT '\0\ud800'" }))).toEqual([act("SELECT '\0\ud800'")]);
});

test.each([
  [line(), true],
  [`cut here"\n${line({ user: "" })}`, true],
  [line({ user: 'a "b", c' }), true],
  ["2026-11-29 12:00:00.123 UTC [7] LOG:  statement: SELECT 1\n", false],
  ["2026-11-29 12:00:00.123 UTC,a,b,c\n", false],
  [`{"timestamp":"2026-11-29 12:00:00.123 UTC"}\n`, false],
  ["rolname,datname,query,calls\n", false],
  ["", false],
])("%# is recognized or not", (text, is) => {
  expect(postgresCsv.recognizes(text)).toBe(is);
});
