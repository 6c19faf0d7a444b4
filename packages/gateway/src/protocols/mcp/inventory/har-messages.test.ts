import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { harOfMessages, mcpHar } from "./har-messages.ts";

async function foundIn(text: string, source = mcpHar): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield text;
  }
  for await (const each of source.read(pieces())) all.push(each);
  return all;
}

const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);
const har = (...entries: readonly unknown[]): string =>
  JSON.stringify({ log: { version: "1.2", creator: { name: "a" }, entries } });
interface Parts {
  readonly method?: string;
  readonly headers?: readonly object[];
  readonly post?: object;
  readonly status?: unknown;
  readonly content?: object;
}
const entry = (
  body: string,
  answer?: string,
  { method = "POST", headers, post, status, content }: Parts = {},
): object => ({
  startedDateTime: "2026-12-02T09:19:19.1234567+01:00",
  request: {
    method,
    url: "https://mcp.shop.example/mcp",
    headers: headers ?? [],
    postData: { mimeType: "application/json", text: body, ...post },
  },
  response: { status: status ?? 200, content: { mimeType: "application/json", text: answer, ...content } },
});
const call = (id: unknown, name = "a"): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, _meta: {} } });
const act = (name = "a", by = ""): Found => ({
  kind: "act",
  act: {
    act: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}"}}`,
    by,
    times: 1,
    at,
  },
});
const batched = (name: string): Found => {
  const { act: text } = (act(name) as Extract<Found, { kind: "act" }>).act;
  return { kind: "act", act: { act: `[${text}]`, by: "", times: 1, at } };
};
const failed: Found = { kind: "failed" };
const unread = (why: string, line = 1): Found => ({ kind: "unread", line, why: `entry ${line}: ${why}` });
const result = (id: unknown, more: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: more });
const error = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1 } });
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const events = (...data: readonly string[]): string =>
  `: hello\n\n${data.map((each) => `event: message\r\ndata: ${each}\r\n\r\n`).join("")}`;

test.each([
  ["its answer", result(7), {}, act()],
  ["an error", error(7), {}, failed],
  ["a tool's error", result(7, { isError: true }), {}, failed],
  ["an error of another id", error("7"), {}, act()],
  ["an error in events", events('{"jsonrpc":"2.0","method":"notifications/progress"}', error(7)), {}, failed],
  [
    "a server's request in events",
    events('{"jsonrpc":"2.0","id":7,"method":"roots/list"}', result(7)),
    {},
    act(),
  ],
  ["an error and a result", events(error(7), result(7)), {}, act()],
  ["an error that is encoded", base64(error(7)), { content: { encoding: "base64" } }, failed],
  ["an encoded body", error(7), { post: { encoding: "base64", text: base64(call(7)) } }, failed],
  ["no answer", undefined, {}, act()],
  ["a status that refuses it", result(7), { status: 401 }, failed],
  ["no status", undefined, { status: 0 }, act()],
])("a message with %s", async (_, answer, parts, found) => {
  expect(await foundIn(har(entry(call(7), answer, parts)))).toEqual([found]);
});

test("of a batch each message has its own answer, and two of one id have none", async () => {
  const batch = `[${call(1, "a")},\n${call(2, "b")},${call(3, "c")},${call(3, "d")}]`;
  expect(await foundIn(har(entry(batch, `[${error(2)},${result(1)},${error(3)}]`)))).toEqual([
    batched("a"),
    failed,
    batched("c"),
    batched("d"),
  ]);
});

test.each([
  [entry("grant_type=authorization_code&jsonrpc=1")],
  [entry('{"query":"{ a }"}')],
  [entry('{"query":"{\\"jsonrpc\\"}"}')],
  [entry("", events(error(1)), { method: "GET" })],
  [entry("")],
  [entry('{"jsonrpc":"2.0","method":"notifications/initialized"}')],
  [entry(result(1))],
  [{ request: { method: "POST" } }],
  [{}],
])("that is no client's request: %j", async (each) => {
  expect(await foundIn(har(each))).toEqual([]);
});

test("what cannot be read is told with the number of its entry, without a value", async () => {
  const headers = [{ name: "Mcp-Session-Id", value: "hush" }];
  expect(
    await foundIn(
      har(
        entry(call(1)),
        7,
        entry('{"jsonrpc":"2.0","id":1,"id":2,"method":"hush"}', result(1)),
        entry('{"jsonrpc":"2.0","id":1,"method":"hush'),
        entry("", result(1), { headers }),
        entry("", "", { headers, status: 400 }),
        entry('{"jsonrpc":"2.0","id":1,"id":2,"method":"hush"}', "", { status: 400 }),
      ),
    ),
  ).toEqual([
    act(),
    unread("it is no JSON object", 2),
    unread("it can be read in two ways: a name stands twice in one object", 3),
    unread("its message is no JSON, or is cut off", 4),
    unread("what was sent is not in it", 5),
    failed,
    failed,
  ]);
  expect(await foundIn(har(entry(call(1))).slice(0, -20))).toEqual([unread("the text ends in it")]);
  expect(await foundIn(har(entry(call(1, "a".repeat(900))), entry(call(1))), harOfMessages(800))).toEqual([
    unread("it is longer than 800 characters"),
    act(),
  ]);
});

test("who asked is the client of the last session that began", async () => {
  const begin = JSON.stringify({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { clientInfo: { name: "bot" } },
  });
  const found = await foundIn(`\uFEFF${har(entry(call(1)), entry(begin), entry(call(1)))}`);
  expect(found.map((each) => (each.kind === "act" ? each.act.by : each.kind))).toEqual(["", "bot", "bot"]);
});

test("it is recognized by a message in one of its texts", () => {
  expect(mcpHar.recognizes(har(entry(call(1))))).toBe(true);
  expect(mcpHar.recognizes(`\uFEFF${JSON.stringify(JSON.parse(har(entry(call(1)))), undefined, 2)}`)).toBe(
    true,
  );
  expect(mcpHar.recognizes(har(entry('{"a":1}')))).toBe(false);
  expect(mcpHar.recognizes(call(1))).toBe(false);
  expect(mcpHar.recognizes(JSON.stringify({ log: call(1) }))).toBe(false);
});

test("a POST of MCP's client in which nothing is found is told, and so is a body that is encoded secretly", async () => {
  const headers = [{ name: "mcp-protocol-version", value: "2025-11-25" }];
  const missed = (body: string, parts: Parts = { headers }): Promise<readonly Found[]> =>
    foundIn(har(entry(body, result(1), parts)));
  const elsewhere = unread("its message is in no member that is known");
  for (const body of ["a=b", '{"a":1}', '{"tool":"a"}', base64(call(1)), "7"])
    expect(await missed(body)).toEqual([elsewhere]);
  expect(await missed(" \n")).toEqual([]);
  expect(await missed("a=b", { headers, status: 401 })).toEqual([failed]);
  expect(await missed(base64(call(1)), {})).toEqual([elsewhere]);
  expect(await missed(JSON.stringify(call(1)), {})).toEqual([elsewhere]);
  expect(await missed(`{"a":} ${call(1)}`, {})).toEqual([unread("its message is no JSON, or is cut off")]);
});

test("an encoding is named in any case", async () => {
  const post = { encoding: "Base64", text: base64(call(7)) };
  expect(await foundIn(har(entry("", result(7), { post })))).toEqual([act()]);
});

test("what a client sends is an act, though usually a server sends it, and though it does not say what it is", async () => {
  for (const method of ["roots/list", "tools/call"]) {
    const message = { ...(method === "roots/list" && { jsonrpc: "2.0" }), id: 1, method, params: {} };
    const [found] = await foundIn(har(entry(JSON.stringify(message))));
    expect(found).toMatchObject({ kind: "act", act: { act: JSON.stringify(message) } });
  }
  expect(await foundIn(har(entry('{"method":"GET","id":1}')))).toEqual([]);
});

test("bytes that are no UTF-8 are no message", async () => {
  const body = Buffer.from(call(1).replace('"a"', '"a\u00ff"'), "latin1").toString("base64");
  expect(await foundIn(har(entry("", "", { post: { encoding: "base64", text: body } })))).toEqual([
    unread("it holds bytes that are no UTF-8"),
  ]);
});
