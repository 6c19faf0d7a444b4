import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { mcpMessages } from "./message-log.ts";

const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);
const TIME = "2026-12-02T08:19:19.123Z";

async function foundIn(text: string): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield text;
  }
  for await (const each of mcpMessages.read(pieces())) all.push(each);
  return all;
}

const call = (id: unknown, name = "read_file", more: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name }, ...more });
const acted = (): string => '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"}}';
const act = (text: string, more: object = {}): Found => ({
  kind: "act",
  act: { act: text, by: "", times: 1, ...more },
});

test.each([
  [`${TIME} [crm] [info] Message from client: ${call(1)} { metadata: undefined }`],
  [`${TIME} [info] [crm] Message from client: ${call(1)}`],
  [`${TIME} [STDIN] ${call(1)}`],
  [`[${TIME}] >>> b'${call(1)}'`],
  [`2026-12-02 09:19:19,123 +0100 - mcp - DEBUG - it's "here": { a } ${call(1)}`],
  [`${TIME} {"level":"info"} ${call(1)}`],
  [`${TIME} INFO {"dir":"in","message":${call(1)}}`],
  [JSON.stringify({ timestamp: TIME, message: JSON.parse(call(1)) })],
  [JSON.stringify({ t: TIME, dir: "in", raw: JSON.parse(call(1)) })],
  [JSON.stringify({ ts: at, msg: call(1) })],
  [JSON.stringify({ time: at / 1000, payload: JSON.parse(call(1)) as object })],
  [JSON.stringify({ "@timestamp": "2026-12-02T08:19:19.123456789+00:00", request: ` ${call(1)}\n` })],
  [JSON.stringify({ at, message: JSON.parse(call(1)), raw: call(1) })],
  [
    JSON.stringify({
      log: JSON.stringify({ time: TIME, body: JSON.parse(call(1)) }),
      time: "2000-01-01T00:00:00Z",
    }),
  ],
])("what recorders and clients write around a message tells when it was: %s", async (line) => {
  expect(await foundIn(line)).toEqual([act(acted(), { at })]);
});

test.each([
  ["2026-12-02T08:19:19.123"],
  ["2026-02-30T08:19:19Z"],
  ["2026-12-02T25:19:19Z"],
  ["yesterday"],
  [-1],
  [1e14],
  [null],
])("a time that is none is not told: %s", async (time) => {
  expect(await foundIn(JSON.stringify({ time, message: call(1) }))).toEqual([act(acted())]);
});

test("who asked is the client of the session, otherwise whoever the record names", async () => {
  const begin = (name: unknown): string =>
    JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params: { clientInfo: { name } } });
  const by = async (text: string): Promise<readonly unknown[]> =>
    (await foundIn(text)).map((each) => (each.kind === "act" ? each.act.by : each.kind));
  const record = JSON.stringify({ agent: " bot\u202e ", message: call(1) });
  expect(await by(record)).toEqual(["bot"]);
  expect(await by(`${record}\n${begin(" my\u0000 client ")}\n${record}`)).toEqual([
    "bot",
    "my  client",
    "my  client",
  ]);
  expect(await by(`${begin("a".repeat(300))}\n${call(1)}`)).toEqual(["a".repeat(200), "a".repeat(200)]);
  expect(await by(`${begin(7)}\n${record}`)).toEqual(["", "bot"]);
  const desktop = (server: string, text: string): string =>
    `${TIME} [${server}] [info] Message from client: ${text} { metadata: undefined }\n`;
  expect(
    await by(
      desktop("a", begin("one")) + desktop("b", begin("two")) + desktop("a", call(1)) + desktop("b", call(1)),
    ),
  ).toEqual(["one", "two", "one", "two"]);
});

test("the words before a batch are those of each of its messages", async () => {
  const said = (sender: string, text: string): string =>
    `${TIME} [crm] [info] Message from ${sender}: ${text} { a }\n`;
  const result = '{"jsonrpc":"2.0","id":1,"result":{"text":"from client"}}';
  const error = '{"jsonrpc":"2.0","id":2,"error":{}}';
  const asked = said("client", `[${call(1)},${call(2)}]`);
  const expected = [act(`[${acted()}]`, { at }), { kind: "failed" }];
  expect(await foundIn(asked + said("server", `[${result},${error}]`))).toEqual(expected);
  expect(await foundIn(asked + said("server", result) + said("server", error))).toEqual(expected);
});

test.each([
  ["client", "act"],
  ["client_to_server", "act"],
  ["clientToServer", "act"],
  ["STDIN", "act"],
  ["server", "failed"],
  ["stdout", "failed"],
  ["clients", "failed"],
  ["out", "failed"],
  [7, "failed"],
])("an answer that a record says %s sent is the server's, or not", async (direction, kind) => {
  const answer = { jsonrpc: "2.0", id: 1, error: {} };
  const heard = `${call(99)}\n{"jsonrpc":"2.0","id":99,"result":{}}`;
  const found = await foundIn(`${heard}\n${call(1)}\n${JSON.stringify({ direction, message: answer })}`);
  expect(found.map((each) => each.kind)).toEqual(["act", kind]);
});
