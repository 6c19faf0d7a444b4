import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { httpCombined } from "./access-log.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of httpCombined.read(pieces())) all.push(each);
  return all;
}

const at = Date.UTC(2026, 11, 2, 8, 19, 19);
const time = "[02/Dec/2026:08:19:19 +0000]";
const behind = `200 123 "-" "curl/8"`;
/** A line of which the columns before the time, the request, and what is behind it may differ. */
const line = (
  columns = "10.0.0.1 - alice",
  request = "GET /v1/invoices/7?expand=lines HTTP/1.1",
  rest = behind,
): string => `${columns} ${time} "${request}" ${rest}\n`;
const act = (more: object = {}): object => ({
  kind: "act",
  act: { act: "GET /v1/invoices/7?expand=lines", by: "alice", at, times: 1, ...more },
});
const unread = (why: string, number = 1): object => ({ kind: "unread", line: number, why });

const TWO_WAYS = "it can be read in two ways";
const NO_LINE = "it is no line of an access log";
const NO_STATUS = "no status: nobody knows whether it worked";

test("each line is a request", async () => {
  expect(await found(line(), "\n \n", line().replace("\n", "\r\n"))).toEqual([act(), act()]);
  expect(await found(line(undefined, undefined, "200 -"))).toEqual([act()]);
});

test.each([
  ["common", line(undefined, undefined, "200 123")],
  ["combined", line()],
  [
    "nginx with more columns",
    line(undefined, undefined, `${behind} "203.0.113.9" 0.012 [shop] 10.1.1.1:80 200`),
  ],
  ["Traefik", line(undefined, undefined, `${behind} 1 "shop@docker" "http://10.0.0.9:80" 12ms`)],
  ["escapes of nginx behind it", line(undefined, undefined, String.raw`200 1 "-" "a\x22 200 \x5C"`)],
  [
    "escapes of Apache behind it",
    line(undefined, undefined, String.raw`200 1 "-" "a \" HTTP/1.1\" 200 1 \\"`),
  ],
  ["bytes that were replaced", line(undefined, undefined, `200 1 "-" "\uFFFD\0"`)],
])("%s", async (_, text) => {
  expect(httpCombined.recognizes(text)).toBe(true);
  expect(await found(text)).toEqual([act()]);
});

test.each([
  ["no user", "10.0.0.1 - -", { by: "10.0.0.1" }],
  ["a user without a name", '10.0.0.1 - ""', { by: "10.0.0.1" }],
  ["a name that the client told", "10.0.0.1 joe -", { by: "10.0.0.1" }],
  ["an address of version 6", "2001:db8::1 - -", { by: "2001:db8::1" }],
  ["an address with a port", "10.0.0.1:5432 - -", { by: "10.0.0.1" }],
  ["nobody", "- - -", { by: "" }],
  ["a name with blanks", "10.0.0.1 - Alice B. Doe", { by: "Alice B. Doe" }],
  ["a name with an escape", String.raw`10.0.0.1 - a\" \x22b`, { by: String.raw`a\" \x22b` }],
  ["a name with brackets", "10.0.0.1 - a] [b", { by: "a] [b" }],
  ["a host", "Shop.internal:80 10.0.0.1 - alice", { within: "shop.internal" }],
  ["a host's port", "shop.internal:8443 10.0.0.1 - alice", { within: "shop.internal:8443" }],
  ["a host by address", "[::1]:443 10.0.0.1 - alice", { within: "[::1]" }],
  ["no host", "_:80 10.0.0.1 - alice", {}],
])("%s before the time", async (_, columns, more) => {
  expect(await found(line(columns))).toEqual([act(more)]);
});

test.each([
  ["a column more before the user", "10.0.0.1 - - alice", TWO_WAYS],
  ["a host without a port", "shop.internal 10.0.0.1 - alice", TWO_WAYS],
  ["a host and a column less", "shop.internal:80 10.0.0.1 -", TWO_WAYS],
  ["two names", "10.0.0.1 joe alice doe", TWO_WAYS],
  ["a quote in the user's name", '10.0.0.1 - a"b', TWO_WAYS],
  ["empty quotes in the user's name", '10.0.0.1 - a ""', TWO_WAYS],
  ["a host that is none", "sh\uFFFDop:80 10.0.0.1 - alice", "its host is none"],
  ["a long name", `10.0.0.1 - ${"a".repeat(257)}`, "who made it is named with more than 256 characters"],
  ["a column less", "10.0.0.1 alice", NO_LINE],
  ["no address", " - alice", NO_LINE],
])("%s before the time is not read", async (_, columns, why) => {
  expect(await found(line(columns), line())).toEqual([unread(why), act()]);
});

test("a user's name that looks like a line is not read as one, whether it was escaped or not", async () => {
  const evil = (name: string): string => line(`10.0.0.1 - ${name}`);
  for (const name of [
    `x ${time} "GET /evil HTTP/1.1" 200 1 "`,
    `x ${time} "GET /evil HTTP/1.1" 200 1 "-" "-"`,
    `x ${time} "GET /evil HTTP/1.1" 200 1`,
    `x ${time} "GET /evil HTTP/1.1`,
    `x ${time} "GET /evil HTTP/1.1" 200 1 "\\`,
    `" 200 -`,
  ])
    expect(await found(evil(name)), name).toMatchObject([{ kind: "unread" }]);
  const refused = line(`10.0.0.1 - x ${time} "GET /evil HTTP/1.1" 200 1`, "-", "400 0");
  expect(await found(refused)).toEqual([unread(TWO_WAYS)]);
  for (const name of [`x ${time}`, `x ${time} \\"GET /evil HTTP/1.1\\" 200 1`, String.raw`x\x22 200 -`])
    expect(await found(evil(name)), name).toEqual([act({ by: name })]);
});

test.each([
  ["no version", "GET /a", "its request is no line of HTTP"],
  ["nothing", "", "its request is no line of HTTP"],
  ["another protocol", "GET /a SIP/2.0", "its request is no line of HTTP"],
  ["a method in small letters", "get /a HTTP/1.1", "its method is none"],
  ["a short method", "GO /a HTTP/1.1", "its method is none"],
  ["a tunnel", "CONNECT shop:443 HTTP/1.1", "CONNECT is no request that an operation grants"],
  ["no target", "OPTIONS * HTTP/1.1", "OPTIONS * is no request that an operation grants"],
  ["a relative target", "GET a HTTP/1.1", "its target does not begin with a slash"],
  ["an absolute target without a path", "GET http://shop HTTP/1.1", "its target does not begin with a slash"],
  ["an absolute target without a host", "GET http:///a HTTP/1.1", "its host is none"],
  ["an absolute target with a user", "GET http://a@shop/ HTTP/1.1", "its host is none"],
  ["a blank", "GET /a b HTTP/1.1", "its target holds a character that no target holds"],
  ["a fragment", "GET /a#b HTTP/1.1", "its target holds a character that no target holds"],
  ["an escaped quote", String.raw`GET /a\" HTTP/1.1`, "its target holds a character that no target holds"],
  ["an escaped byte", String.raw`GET /\xC3 HTTP/1.1`, "its target holds a character that no target holds"],
  ["a byte that was replaced", "GET /\uFFFD HTTP/1.1", "its target holds a character that no target holds"],
  ["a NUL", "GET /\0 HTTP/1.1", "its target holds a character that no target holds"],
  ["a long target", `GET /${"a".repeat(8192)} HTTP/1.1`, "its target is longer than 8192 characters"],
  ["a quote", 'GET /a" HTTP/1.1', NO_LINE],
  ["an answer in it", 'GET /a HTTP/1.1" 200 5 "x HTTP/1.1', TWO_WAYS],
])("a request with %s is not read", async (_, request, why) => {
  expect(await found(line(undefined, request), line())).toEqual([unread(why), act()]);
});

test.each([
  ["the longest target", `GET /${"a".repeat(8191)} HTTP/2.0`, { act: `GET /${"a".repeat(8191)}` }],
  [
    "what is encoded as it came",
    "PROPFIND /%2e/a%2Fb?x[]=%zz' HTTP/3",
    { act: "PROPFIND /%2e/a%2Fb?x[]=%zz'" },
  ],
  ["an absolute target", "GET http://Shop:80/a?b HTTP/1.1", { act: "GET /a?b", within: "shop" }],
])("a request with %s is read", async (_, request, more) => {
  expect(await found(line(undefined, request))).toEqual([act(more)]);
});

test("the host of an absolute target counts before the server's", async () => {
  const text = line("other:80 10.0.0.1 - alice", "GET http://shop/a HTTP/1.1");
  expect(await found(text)).toEqual([act({ act: "GET /a", within: "shop" })]);
});

test.each([
  ["400 0", { kind: "failed" }],
  ["599 0", { kind: "failed" }],
  ["304 0", act()],
  ["101 0", act({ act: "GET /v1/invoices/7?expand=lines\nupgrade: websocket" })],
  ["100 0", unread("its status is no answer")],
  ["000 0", unread(NO_STATUS)],
  ["0 0", unread(NO_STATUS)],
  ["- 0", unread(NO_STATUS)],
  ["20", unread(NO_LINE)],
  ["200", unread(NO_LINE)],
  ["200 1x", unread(NO_LINE)],
  ['200 1 "cut', unread("a quote in it is not closed")],
])("the answer %s", async (rest, expected) => {
  expect(await found(line(undefined, undefined, rest))).toEqual([expected]);
});

test("what the server refused is failed, however it looks", async () => {
  for (const request of [String.raw`\x16\x03\x01`, "GET /a", "-", "", "CONNECT a:1 HTTP/1.1"])
    expect(await found(line(undefined, request, "400 150"))).toEqual([{ kind: "failed" }]);
});

test.each([
  ["02/Dec/2026:13:49:19 +0530", at],
  ["01/Dec/2026:23:19:19 -0900", at],
  ["29/Feb/2028:00:00:00 +0000", Date.UTC(2028, 1, 29)],
])("the time %s", async (written, expected) => {
  expect(await found(line().replace(time, `[${written}]`))).toEqual([act({ at: expected })]);
});

test("a time beside another of the same minute", async () => {
  const second = (written: string): string => line().replace(":19 +", `:${written} +`);
  expect(await found(line(), second("59"), second("00"), second("60"), second("61"), second("5x"))).toEqual([
    act(),
    act({ at: at + 40_000 }),
    act({ at: at - 19_000 }),
    act({ at: at + 41_000 }),
    unread("its time is none", 5),
    unread(NO_LINE, 6),
  ]);
  const other = line().replace("+0000", "+0100");
  expect(await found(line(), other, line().replace(":19:", ":20:"))).toEqual([
    act(),
    act({ at: at - 3_600_000 }),
    act({ at: at + 60_000 }),
  ]);
});

test.each([
  ["29/Feb/2026:00:00:00 +0000", "its time is none"],
  ["02/Foo/2026:00:00:00 +0000", "its time is none"],
  ["02/Dec/2026:24:00:00 +0000", "its time is none"],
  ["02/Dec/2026:00:60:00 +0000", "its time is none"],
  ["02/Dec/2026:00:00:61 +0000", "its time is none"],
  ["02/Dec/2026:00:00:00 +2400", "its time is none"],
  ["02/Dec/2026:00:00:00 +0060", "its time is none"],
  ["02/Dec/1926:00:00:00 +0000", "its time is none"],
  ["02/Dec/2026:00:00:00  0000", NO_LINE],
  ["-", NO_LINE],
])("there is no time %s", async (written, why) => {
  expect(await found(line().replace(time, `[${written}]`))).toEqual([unread(why)]);
});

test("a long line, a comment and a cut line are told, and the next one is read", async () => {
  const long = Array.from({ length: 20 }, () => "x".repeat(1_048_576));
  expect(await found("#Fields: a\n", "10.0.0.1 - ", ...long, "\n", line(), line().slice(0, 60))).toEqual([
    unread(NO_LINE),
    unread("the line is too long", 2),
    act(),
    unread(NO_LINE, 4),
  ]);
});

test.each([
  [`cut"\n${line()}`, true],
  [line(undefined, `GET /${"a".repeat(70_000)}`).slice(0, 65_536), true],
  [line().replace(time, "[2026-12-02T08:19:19Z]"), false],
  ['2026-11-29 12:00:00.123 UTC,"alice","shop",7,\n', false],
  ["#\n".repeat(20) + line(), false],
  ["x".repeat(65_536), false],
  ["", false],
])("%# is recognized or not", (text, is) => {
  expect(httpCombined.recognizes(text)).toBe(is);
});
