import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { postgresJson } from "./json-log.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of postgresJson.read(pieces())) all.push(each);
  return all;
}

const members = {
  timestamp: "2026-11-29 12:00:00.123 UTC",
  user: "alice",
  dbname: "shop",
  pid: 7,
  session_id: "s1",
  line_num: 1,
  ps: "idle",
  vxid: "3/1",
  error_severity: "LOG",
  message: "statement: SELECT 1",
  application_name: "backend",
  backend_type: "client backend",
};
const line = (more: object = {}): string => `${JSON.stringify({ ...members, ...more })}\n`;
const act = (text: string): object => ({
  kind: "act",
  act: { act: text, by: "alice", within: "shop", at: Date.UTC(2026, 10, 29, 12, 0, 0, 123), times: 1 },
});

test("each line is a record", async () => {
  expect(await found(line(), line({ message: "statement: SELECT\n2" }).replace("\n", "\r\n"))).toEqual([
    act("SELECT 1"),
    act("SELECT\n2"),
  ]);
});

test("each member stands for what it is", async () => {
  const error = { error_severity: "ERROR", state_code: "22P02", message: "invalid", statement: "SELECT 1" };
  const execute = { message: "execute a: SELECT 1" };
  expect(await found(line(), line(error))).toEqual([{ kind: "failed" }]);
  for (const raised of [
    { context: "PL/pgSQL function a" },
    { statement: "SELECT a()" },
    { ...execute, ps: "DELETE" },
  ])
    expect(await found(line(raised))).toMatchObject([{ kind: "unread" }]);
  expect(await found(line(), line({ ...error, session_id: "s2" }))).toEqual([
    { kind: "failed" },
    act("SELECT 1"),
  ]);
  expect(await found(line(execute), line({ ...error, ps: "BIND" }))).toEqual([
    act("SELECT 1"),
    { kind: "failed" },
  ]);
  expect(await found(line(execute), line({ ...error, vxid: "3/2" }))).toEqual([
    act("SELECT 1"),
    { kind: "failed" },
  ]);
  expect(await found(line(), line({ ...error, statement: undefined, state_code: "57P01" }))).toEqual([
    act("SELECT 1"),
  ]);
  expect(await found(line({ backend_type: "walsender" }))).toEqual([act("SELECT 1")]);
  expect(await found(line({ user: undefined }))).toMatchObject([{ act: { by: "backend" } }]);
  const prepared = { message: "statement: EXECUTE a", detail: "prepare: PREPARE a AS SELECT 2" };
  expect(await found(line(prepared))).toEqual([act("SELECT 2")]);
});

test.each([
  ["no JSON", `{"timestamp":\n`, "it is not JSON"],
  ["two records joined in the middle", line().slice(0, 40) + line(), "it is not JSON"],
  ["an array", "[]\n", "it is no JSON object"],
  ["a number", "7\n", "it is no JSON object"],
  ["null", "null\n", "it is no JSON object"],
  ["a message that is a number", line({ message: 7 }), "its message is no text"],
  ["a message that is an object", line({ message: {} }), "its message is no text"],
  ["no time", line({ timestamp: undefined }), "it is no record of PostgreSQL's log"],
  ["no severity", line({ error_severity: 7 }), "it is no record of PostgreSQL's log"],
])("a line with %s is told, and the next one is read", async (_, broken, why) => {
  expect(await found(broken, line())).toEqual([{ kind: "unread", line: 1, why }, act("SELECT 1")]);
});

test("a line of 20 MiB is told, and the next one is read", async () => {
  const long = Array.from({ length: 20 }, () => "x".repeat(1_048_576));
  expect(await found('{"message":"', ...long, '"}\n', line())).toEqual([
    { kind: "unread", line: 1, why: "the line is too long" },
    act("SELECT 1"),
  ]);
});

test("an empty line is nothing, and a record without a message is no act", async () => {
  expect(await found("\n  \n", line({ message: undefined }))).toEqual([]);
});

test("hostile members change nothing but themselves", async () => {
  const hostile = line().replace(
    "{",
    '{"__proto__":{"message":"statement: DROP","polluted":1},"constructor":7,',
  );
  expect(await found(hostile)).toEqual([act("SELECT 1")]);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  const inherited = line({ user: undefined, session_id: undefined }).replace(
    "{",
    '{"__proto__":{"user":"mallory"},',
  );
  expect(await found(inherited)).toMatchObject([{ act: { by: "backend" } }]);
});

test("of a name that stands twice the last counts", async () => {
  expect(await found(line().replace("{", '{"message":"statement: DROP",'))).toEqual([act("SELECT 1")]);
});

test("a NUL and half of a character are kept", async () => {
  expect(await found(line({ message: "statement: SELECT '\0\ud800'" }))).toEqual([act("SELECT '\0\ud800'")]);
});

test.each([
  [line(), true],
  [`cut": 1}\n${line()}`, true],
  [line({ backend_type: undefined }), true],
  [line({ message: "x".repeat(70_000) }).slice(0, 65_536), true],
  [line({ timestamp: "2026-11-29T12:00:00Z" }), false],
  [line({ error_severity: undefined, backend_type: undefined }), false],
  [`{"level":"info","timestamp":"2026-11-29 12:00:00.123 UTC","message":"a"}\n`, false],
  [`2026-11-29 12:00:00.123 UTC,"alice","shop",7,\n`, false],
  ["", false],
])("%# is recognized or not", (text, is) => {
  expect(postgresJson.recognizes(text)).toBe(is);
});
