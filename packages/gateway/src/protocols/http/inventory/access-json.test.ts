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

const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);
const members = {
  method: "GET",
  path: "/v1/a?b=c",
  status: 200,
  user: "alice",
  time: "2026-12-02T08:19:19.123Z",
};
const line = (more: object = {}): string => `${JSON.stringify({ ...members, ...more })}\n`;
const act = (more: object = {}): object => ({
  kind: "act",
  act: { act: "GET /v1/a?b=c", by: "alice", at, times: 1, ...more },
});
const unread = (why: string, number = 1): object => ({ kind: "unread", line: number, why });

test.each([
  [
    "nginx",
    {
      time_local: "02/Dec/2026:08:19:19 +0000",
      remote_addr: "10.0.0.1",
      remote_user: "",
      request: "POST /v1/a?b=c HTTP/1.1",
      status: "201",
      request_length: "900",
      content_length: "12",
      body_bytes_sent: "5",
      host: "shop.internal",
      server_name: "_",
    },
    { act: "POST /v1/a?b=c\ncontent-length: 12", by: "10.0.0.1", within: "shop.internal", at: at - 123 },
  ],
  [
    "nginx with members of their own",
    {
      msec: "1796199559.123",
      remote_addr: "10.0.0.1",
      remote_user: "alice",
      request_method: "GET",
      request_uri: "/v1/a?b=c",
      uri: "/v1/a",
      args: "b=c",
      status: 200,
      content_length: "",
    },
    {},
  ],
  [
    "Envoy",
    {
      start_time: "2026-12-02T08:19:19.123Z",
      method: "GET",
      path: "/v1/a?b=c",
      protocol: "HTTP/2",
      response_code: 200,
      response_flags: "-",
      bytes_received: 7,
      bytes_sent: 100,
      x_forwarded_for: "203.0.113.9,10.0.0.1",
      authority: "shop.internal:443",
      downstream_remote_address: "10.2.0.3:50",
      user_agent: null,
    },
    { act: "GET /v1/a?b=c\ncontent-length: 7", by: "203.0.113.9", within: "shop.internal" },
  ],
  [
    "Traefik",
    {
      ClientAddr: "10.0.0.1:50",
      ClientHost: "10.0.0.1",
      ClientUsername: "-",
      DownstreamStatus: 200,
      DownstreamContentSize: 5,
      OriginStatus: 500,
      RequestContentSize: 3,
      RequestHost: "shop.internal",
      RequestMethod: "GET",
      RequestPath: "/v1/a?b=c",
      StartUTC: "2026-12-02T08:19:19.123456789Z",
      level: "info",
      time: "2026-12-02T08:19:20Z",
    },
    { act: "GET /v1/a?b=c\ncontent-length: 3", by: "10.0.0.1", within: "shop.internal" },
  ],
  [
    "Caddy",
    {
      level: "info",
      ts: 1796199559.1234567,
      logger: "http.log.access",
      msg: "handled request",
      request: {
        remote_ip: "10.0.0.9",
        client_ip: "10.0.0.1",
        proto: "HTTP/2.0",
        method: "GET",
        host: "shop.internal",
        uri: "/v1/a?b=c",
        headers: { Host: ["evil"], "User-Agent": ["curl"] },
      },
      bytes_read: 0,
      user_id: "",
      size: 5,
      status: 200,
    },
    { by: "10.0.0.1", within: "shop.internal" },
  ],
])("%s", async (_, written, more) => {
  const text = `${JSON.stringify(written)}\n`;
  expect(httpJson.recognizes(text)).toBe(true);
  expect(await found(text, "\n", text.replace("\n", "\r\n"))).toEqual([act(more), act(more)]);
});

test.each([
  [{ path: "/v1/a", query: "b=c" }],
  [{ path: "/v1/a", query_string: "?b=c" }],
  [{ query: "b=c" }],
  [{ query: "-" }],
  [{ Request: "GET /v1/a?b=c HTTP/1.1" }],
  [{ path: undefined, method: undefined, request_line: "GET /v1/a?b=c HTTP/1.1" }],
  [{ url: "/v1/a" }],
  [{ status_code: "200" }],
  [{ time: 1796199559123 }],
  [{ time: "2026-12-02 09:19:19,123 +0100" }],
  [{ "@timestamp": "2026-12-02T08:19:19.123Z", time: "never" }],
  [{ user: undefined, client: "10.0.0.1:50", user_id: "alice" }],
  [{ host: { name: "shipper" }, server_name: null }],
  [{ bytes_received: -1, content_length: "-" }],
])("%j tells the same", async (more) => {
  expect(await found(line(more))).toEqual([act()]);
});

test.each([
  [{ user: undefined }, { by: "" }],
  [{ user: 17 }, { by: "17" }],
  [{ user: undefined, remote_addr: "[2001:db8::1]:50" }, { by: "2001:db8::1" }],
  [{ time: "-", msec: undefined }, { at: undefined }],
  [{ host: "_", server_name: "Shop:80" }, { within: "shop" }],
  [{ host: "shipper", http_host: "shop" }, { within: "shop" }],
  [{ path: "http://shop/v1/a?b=c", host: "other" }, { within: "shop" }],
  [{ bytes_received: 3, content_length: 5 }, { act: "GET /v1/a?b=c\ncontent-length: 5" }],
  [{ status: 101 }, { act: "GET /v1/a?b=c\nupgrade: websocket" }],
])("%j", async (more, expected) => {
  expect(await found(line(more))).toEqual([act(expected)]);
});

test.each([
  ["no JSON", "GET /a\n", "it is not JSON"],
  ["an array", "[]\n", "it is no JSON object"],
  ["a number", "7\n", "it is no JSON object"],
  ["another object", '{"level":"info"}\n', "it is no request of an access log"],
  [
    "a name twice",
    line().replace("{", '{"path":"/evil",'),
    "it can be read in two ways: a name stands twice in one object",
  ],
  [
    "an escaped name twice",
    line().replace("{", '{"p\\u0061th":"/evil",'),
    "it can be read in two ways: a name stands twice in one object",
  ],
  ["many levels", `{"a":${"[".repeat(20)}${"]".repeat(20)}}\n`, "it nests too deep"],
  ["a great many levels", `{"a":${"[".repeat(100_000)}\n`, "it is not JSON"],
])("a line with %s is told, and the next one is read", async (_, broken, why) => {
  expect(await found(broken, line())).toEqual([unread(why), act()]);
});

test("hostile names change nothing", async () => {
  const hostile = line({ user: undefined }).replace(
    "{",
    '{"__proto__":{"user":"mallory"},"constructor":7,"toString":{},',
  );
  expect(await found(hostile)).toEqual([act({ by: "" })]);
});

test("a long line and a cut one are told, and the next one is read", async () => {
  const long = Array.from({ length: 20 }, () => "x".repeat(1_048_576));
  expect(await found('{"path":"', ...long, '"}\n', line(), line().slice(0, 40))).toEqual([
    unread("the line is too long"),
    act(),
    unread("it is not JSON", 3),
  ]);
});

const logged = { timestamp: "2026-11-29 12:00:00.123 UTC", user: "alice", error_severity: "LOG" };
test.each([
  [line(), true],
  [`cut": 1}\n${line()}`, true],
  [line({ agent: "x".repeat(70_000) }).slice(0, 65_536), true],
  [line({ status: undefined }), false],
  [line({ path: undefined }), false],
  [`${JSON.stringify({ ...logged, message: "statement: SELECT 1" })}\n`, false],
  [JSON.stringify({ ...logged, message: `${line()}${"x".repeat(70_000)}` }).slice(0, 65_536), false],
  ['2026-11-29 12:00:00.123 UTC,"alice","shop",7,\n', false],
  ["{}\n".repeat(20) + line(), false],
  ["", false],
])("%# is recognized or not", (text, is) => {
  expect(httpJson.recognizes(text)).toBe(is);
});
