// tier: full
import { expect, test } from "vitest";
import { readMessage } from "../../../gate/web/mcp/message.ts";
import type { Found } from "../../../gate/inventory/seen.ts";
import { mcpMessages, messageLog } from "./message-log.ts";

const TIME = "2026-12-02T08:19:19.123Z";

async function foundIn(text: string, source = mcpMessages): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield text;
  }
  for await (const each of source.read(pieces())) all.push(each);
  return all;
}

const call = (id: unknown, name = "read_file", more: object = {}): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name, arguments: { path: "/a" } },
    ...more,
  });
const acted = (name = "read_file"): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"path":"/a"}}}`;
const result = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } });
const error = (id: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code: -1, message: "no" } });
const act = (text: string, more: object = {}): Found => ({
  kind: "act",
  act: { act: text, by: "", times: 1, ...more },
});
const failed: Found = { kind: "failed" };
/** That the server's direction is recorded. */
const heard = `${call(99, "heard")}\n${result(99)}\n`;
const batched = (name?: string): string => `[${acted(name)}]`;
const unread = (why: string, line = 1): Found => ({ kind: "unread", line, why });
const CUT = "its message is no JSON, or is cut off";

test("messages of stdio, a line each, are acts in the order in which they are known to have worked", async () => {
  const text = `\uFEFF${call(7)}\r\n\r\n  ${call("8", "write_file")}\n${result("8")}\n${result(7)}\n`;
  expect(await foundIn(text)).toEqual([act(acted("write_file")), act(acted())]);
});

test("of a message its id and what is about the request are left out, and nothing else", async () => {
  const sent = {
    id: "x",
    params: { task: 1, _meta: { progressToken: 1 }, arguments: { _meta: 2, n: 1.5 }, name: "a" },
    method: "tools/call",
    jsonrpc: "2.0",
  };
  expect(await foundIn(JSON.stringify(sent))).toEqual([
    act(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"task":1,"arguments":{"_meta":2,"n":1.5},"name":"a"}}',
    ),
  ]);
});

test.each([
  ['{"jsonrpc":"2.0","id":3,"method":"logging/setLevel","params":{"level":"info"}}', 1],
  ['{"jsonrpc":"2.0","id":3,"method":"completion/complete"}', 1],
  ['{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{}}', null],
  ['{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{}}', 1.5],
  ['{"jsonrpc":"2.0","id":3,"method":"tools/call","params":[1]}', 1],
  ['{"jsonrpc":"2.0","id":3,"method":7}', 1],
  ['{"jsonrpc":"1.0","id":3,"method":"tools/call"}', 1],
  ['{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{},"result":{}}', 1],
  ['{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"__proto__":{"a":1}}}', 1],
  ['{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"n":9007199254740993}}', 1],
  ['{"jsonrpc":"2.0","method":"tools/call","params":{}}', undefined],
  ['{"jsonrpc":"2.0","method":"notifications/other"}', undefined],
  ['{"jsonrpc":"2.0","id":3,"method":"notifications/initialized"}', 1],
])("what the judge would refuse is an act, and is refused as it was: %s", async (sent, id) => {
  const [found, ...others] = await foundIn(sent);
  expect(others).toEqual([]);
  const text = found?.kind === "act" ? found.act.act : "";
  const given = readMessage(Buffer.from(sent));
  expect(readMessage(Buffer.from(text))).toEqual("id" in given ? { ...given, id: 1 } : given);
  const said = JSON.parse(text) as Record<string, unknown>;
  expect(said).toEqual({ ...(JSON.parse(sent) as object), ...(id !== undefined && { id }) });
  expect("id" in said).toBe(id !== undefined);
});

test.each([
  '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"{\\"jsonrpc\\":\\"2.0\\"}"}}',
  '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a://b"}}',
  '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}',
  '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}',
  '{"jsonrpc":"2.0","id":1,"method":"roots/list"}',
  result(1),
  error(1),
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}',
  "Server started: listening on { port: 80 } [x]",
  "INFO JSONRPCRequest(method='tools/call', params={'a': 1}, jsonrpc='2.0', id=2)",
  '{"level":"info","message":"started","count":1}',
  "[1,2]",
  '"jsonrpc"',
])("that is no act, and nothing is said of it: %s", async (line) => {
  expect(await foundIn(line)).toEqual([]);
});

test.each([
  [
    '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
    "it can be read in two ways: a name stands twice in one object",
  ],
  [
    '{"jsonrpc":"2.0","method":"tools/call","method":"notifications/initialized"}',
    "it can be read in two ways: a name stands twice in one object",
  ],
  [
    String.raw`{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":"\ud800"}}`,
    "it can be read in two ways: a text holds half of a character",
  ],
  [
    `{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":${"[".repeat(70)}${"]".repeat(70)}}}`,
    "it nests too deep",
  ],
  [
    '{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":1e999}}',
    "a number is larger than JSON readers agree on",
  ],
  [
    `{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":${"9".repeat(400)}}}`,
    "a number is larger than JSON readers agree on",
  ],
  ['{"jsonrpc":"2.0","id":1}', "the message names no method"],
  [call(1).slice(0, -1), CUT],
  [call(1).slice(0, 30), CUT],
  [`${TIME} [crm] [info] Message from client: {"method":"tools/call","params":{"name":"a" [cut]`, CUT],
  [
    `{"raw":{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":${"[".repeat(70)}${"]".repeat(70)}}}}`,
    "it nests too deep",
  ],
  ['{"packet":{"jsonrpc":"2.0","id":1,"method":"a"}}', "its message is in no member that is known"],
  [JSON.stringify({ packet: call(1) }), "its message is in no member that is known"],
  [
    `${TIME} [crm] [info] Message from client: method="tools/call" id=2 params`,
    "the log says that something was asked for, and not what",
  ],
  [call(1, "a".repeat(1_048_576)), "what it asks for is larger than 1048576 characters"],
])("what should have been an act and cannot be read is told: %#", async (line, why) => {
  expect(await foundIn(`\n${line}\n`)).toEqual([unread(why, 2)]);
});

test("an object in one that is cut off is no message", async () => {
  const inner = `{"a":{"jsonrpc":"2.0","id":1,"method":"ping"}}`;
  expect(await foundIn(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${inner}`)).toEqual([
    unread(CUT),
  ]);
});

test("nesting without end ends nothing", async () => {
  const deep = "[".repeat(300_000) + "]".repeat(300_000);
  expect(await foundIn(`{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":${deep}}}`)).toEqual([
    unread("it nests too deep"),
  ]);
  expect(await foundIn(`${heard}${call(1)}\n{"jsonrpc":"2.0","id":1,"error":{"b":${deep}}}`)).toEqual([
    act(acted("heard")),
    failed,
  ]);
});

test("a name that is written with escapes hides nothing", async () => {
  expect(await foundIn(String.raw`{"json\u0072pc":"2.0","id":1,"meth\u006fd":"a/b"}`)).toEqual([
    act('{"jsonrpc":"2.0","id":1,"method":"a/b"}'),
  ]);
});

test("the messages of a batch, and those behind each other, are each one", async () => {
  const other = call(2, "other");
  expect(await foundIn(`[${call(1)}, ${other}]\n[${result(1)},${error(2)}]`)).toEqual([
    act(batched()),
    failed,
  ]);
  expect(await foundIn(`${call(1)}${other}`)).toEqual([act(acted()), act(acted("other"))]);
  expect(await foundIn(`[${call(1)},{"jsonrpc":"2.0","id":3,"id":4,"method":"a"},${other}]`)).toEqual([
    unread("it can be read in two ways: a name stands twice in one object"),
    act(batched()),
    act(batched("other")),
  ]);
});

test("a line of events is read as any other", async () => {
  expect(await foundIn(`${heard}event: message\nid: 1\ndata: ${call(1)}\n\ndata: ${error(1)}\n`)).toEqual([
    act(acted("heard")),
    failed,
  ]);
});

test("a line longer than what is read is told, and the next is read", async () => {
  const source = messageLog({ maxLineCharacters: 150 });
  const long = call(1, "a".repeat(100));
  expect(await foundIn(`${long}\n${call(1)}\n`, source)).toEqual([
    unread("the line is too long"),
    act(acted()),
  ]);
});

test("no value of a message that cannot be read is told", async () => {
  const secret = "hush";
  const lines = [
    `{"jsonrpc":"2.0","id":1,"method":"a","params":{"${secret}":1,"${secret}":"${secret}"}}`,
    `{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":"${secret}`,
    `{"packet":{"jsonrpc":"2.0","id":1,"method":"${secret}"}}`,
    `{"jsonrpc":"2.0","id":"${secret}"}`,
  ];
  const found = await foundIn(lines.join("\n"));
  expect(found.map(({ kind }) => kind)).toEqual(["unread", "unread", "unread", "unread"]);
  expect(JSON.stringify(found)).not.toContain(secret);
});
