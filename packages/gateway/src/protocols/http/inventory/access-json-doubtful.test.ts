import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { httpJson } from "./access-json.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of httpJson.read(pieces())) all.push(each);
  return all;
}

const members = {
  method: "GET",
  path: "/v1/a?b=c",
  status: 200,
  user: "alice",
  time: "2026-12-02T08:19:19.123Z",
};
const line = (more: object = {}): string => `${JSON.stringify({ ...members, ...more })}\n`;
const unread = (why: string, number = 1): object => ({ kind: "unread", line: number, why });
const two = (what: string): object => unread(`it can be read in two ways: its members tell of two ${what}`);

test.each([
  [{ request_method: "POST" }, two("methods")],
  [{ METHOD: "POST" }, two("methods")],
  [{ request: "POST /v1/a?b=c HTTP/1.1" }, two("methods")],
  [{ request: "GET /v1/b HTTP/1.1" }, two("targets")],
  [{ request: { method: "POST" } }, two("methods")],
  [{ uri: "/v1/b" }, two("targets")],
  [{ uri: "/v1/a?b=d" }, two("targets")],
  [{ query: "b=d" }, two("targets")],
  [{ query: "b=c", args: "b=d" }, two("queries")],
  [{ request: "GET /v1/a?b=c HTTP/1.1", request_line: "GET /v1/a?b=d HTTP/1.1" }, two("requests")],
  [{ response_code: 404 }, two("statuses")],
  [{ status: undefined }, unread("no status: nobody knows whether it worked")],
  [{ status: "info" }, unread("no status: nobody knows whether it worked")],
  [{ status: 0 }, unread("no status: nobody knows whether it worked")],
  [{ status: 200.5 }, unread("no status: nobody knows whether it worked")],
  [{ status: [200] }, unread("no status: nobody knows whether it worked")],
  [{ method: undefined }, unread("it tells of no request")],
  [{ path: undefined }, unread("it tells of no request")],
  [{ method: { name: "GET" } }, unread("it tells of no request")],
  [{ request: "/v1/a" }, unread("its request is no line of HTTP")],
  [{ path: "/v1/\0" }, unread("its target holds a character that no target holds")],
  [{ path: "/v1/a\nx: y" }, unread("its target holds a character that no target holds")],
  [{ method: "GET\nx: y" }, unread("its method is none")],
  [{ host: "shop\nx" }, unread("its host is none")],
  [{ time: "2026-12-02T08:19:19" }, unread("its time is none")],
  [{ time: 1e15 }, unread("its time is none")],
  [{ time: "2026-12-02T08:60:19Z" }, unread("its time is none")],
  [{ status: 404, request: "\u0016\u0003\u0001", method: undefined }, { kind: "failed" }],
  [{ status: 500 }, { kind: "failed" }],
])("%j is not read", async (more, expected) => {
  expect(await found(line(more))).toEqual([expected]);
});
