import { expect, test } from "vitest";
import { readMessage } from "../../../gate/web/mcp/message.ts";
import type { Found } from "../../../gate/inventory/seen.ts";
import { mcpMessages } from "./message-log.ts";
import { needOf } from "./need.ts";

/** What is found: an act's text, or why something is unread, or `failed`. */
async function foundIn(...lines: readonly string[]): Promise<readonly string[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield lines.join("\n");
  }
  for await (const each of mcpMessages.read(pieces())) all.push(each);
  return all.map((each) =>
    each.kind === "act" ? each.act.act : each.kind === "unread" ? `unread: ${each.why}` : each.kind,
  );
}

const TIME = "2026-12-02T08:19:19.123Z";
const call = (id: unknown, name = "a", more: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name }, ...more });
const act = call(1);
const ok = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, result: {} });
const error = (id: unknown): string => JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1 } });
const heard = [call(99, "heard"), ok(99)];
const HEARD = call(1, "heard");
const from = (sender: string, text: string, server = "crm"): string =>
  `${TIME} [${server}] [info] Message from ${sender}: ${text} { metadata: undefined }`;
const CUT = "unread: its message is no JSON, or is cut off";
const ELSEWHERE = "unread: its message is in no member that is known";

test("what a message says of itself is its sender's: it hides no act, and stays in it", async () => {
  for (const _meta of [{ dir: "server", session: "x", ts: TIME }, {}, 7]) {
    const sent = call(1, "a", { _meta });
    expect(await foundIn(...heard, sent)).toEqual([HEARD, sent]);
    expect(needOf(sent)).toMatchObject({ kind: "never" });
  }
  // Nor is an answer the server's, or another session's, because it says so.
  const forged = (meta: object): string => JSON.stringify({ jsonrpc: "2.0", id: 1, error: {}, _meta: meta });
  expect(await foundIn(act, forged({ dir: "server" }))).toEqual([act]);
  expect(await foundIn(...heard, act, forged({ session: "x" }))).toEqual([HEARD, "failed"]);
});

test("an answer too many takes a failure back, whichever session it is told to", async () => {
  const lines = [from("client", act), from("server", error(1))];
  expect(await foundIn(...lines)).toEqual(["failed"]);
  expect(await foundIn(...lines, from("server", ok(1), "shop"))).toEqual([act]);
  expect(await foundIn(...lines, from("server", ok("1"), "shop"))).toEqual(["failed"]);
  // Its own session's comes first.
  const both = [...lines, from("client", call(1, "b"), "shop"), from("server", error(1), "shop")];
  expect(await foundIn(...both, from("server", ok(1)))).toEqual([act, "failed"]);
});

test.each([
  `[${act}]`,
  ` [ ${act} ] `,
  `[1,${act}]`,
  `[[${act}]]`,
  `${TIME} [STDIN] [${act}]`,
  from("client", `[${act}]`),
  `{"time":"${TIME}","message":[${act}]}`,
  JSON.stringify({ time: TIME, message: `[${act}]` }),
  `[{"jsonrpc":"2.0","method":"notifications/initialized"},${act}]`,
])("a batch is refused as it was sent: %s", async (line) => {
  expect(await foundIn(line)).toEqual([`[${act}]`]);
});

test("of a batch the strict reader takes nothing, and its answers are each one", async () => {
  const why = "batches are not taken: send each message by itself";
  expect(readMessage(Buffer.from(`[${act}]`))).toMatchObject({ why });
  expect(needOf(`[${act}]`)).toEqual({ kind: "never", why });
  expect(await foundIn(`[${act},${call(2, "b")}]`, `[${ok(1)},${error(2)}]`)).toEqual([`[${act}]`, "failed"]);
  // One that is cut off is one, as far as it goes.
  expect(await foundIn(`[${act},`)).toEqual([CUT, `[${act}]`]);
  expect(await foundIn(`[${TIME}] ${act}`, `[crm] ${act}`)).toEqual([act, act]);
});

test.each([
  [`12:00 ctx={"a":} ${act}`, CUT],
  [`12:00 ctx={"a":1} ${JSON.stringify(act)}`, ELSEWHERE],
  [JSON.stringify(act), ELSEWHERE],
  [`sent ${JSON.stringify(JSON.stringify(act))}`, ELSEWHERE],
  [`sent {'jsonrpc': '2.0', 'id': 1, 'method': 'tools/call'}`, ELSEWHERE],
  [String.raw`"{\u0022jsonrpc\u0022:\u00222.0\u0022}"`, ELSEWHERE],
  [String.raw`{"packet":{"json\u0072pc":"2.0","id":1,"method":"a"}}`, ELSEWHERE],
  [String.raw`{"packet":"{\"json\\u0072pc\":\"2.0\"}"}`, ELSEWHERE],
  [String.raw`{"packet":"{\"json\u005cu0072pc\":\"2.0\"}"}`, ELSEWHERE],
  [String.raw`12:00 {"a":1,"json\u0072pc":"2.0","b`, CUT],
  ['12:00 {"id":5,"method":"tools/call","params":{"na', CUT],
  ['12:00 {"a":5,"method":"tools/call","params":{"na', CUT],
  ['12:00 {"params":{"name":"a"', CUT],
  ['{"id":5,"meth', CUT],
  [from("client", '{"a":5,'), CUT],
  ['{"a":5,', CUT],
])("no act vanishes: %s", async (line, found) => {
  expect(await foundIn(line)).toEqual([found]);
});

test.each([
  '{"id":1,"method":"tools/call","params":{"name":"a"}}',
  '{"id":1,"method":"ping"}',
  '{"method":"tools/call","params":{}}',
  '{"id":1,"method":"x/y","other":1}',
])("what does not say that it is a message was sent all the same: %s", async (sent) => {
  expect(await foundIn(sent, `{"time":"${TIME}","message":${sent}}`)).toEqual([sent, sent]);
  expect(await foundIn(`[${sent}]`, `{"message":[${sent}]}`)).toEqual([`[${sent}]`, `[${sent}]`]);
  expect(await foundIn(from("client", sent), from("server", sent))).toEqual([sent]);
  expect(needOf(sent)).toMatchObject({ kind: "never" });
});

test.each([
  '{"method":"GET","id":1,"params":{}}',
  '{"method":"tools/call"}',
  '{"method":"/a.B/C","id":1}',
  `12:00 {"method":"tools/call","id":1}`,
])("other records are no messages: %s", async (line) => {
  expect(await foundIn(line)).toEqual([]);
});

test("many escapes take no long time", async () => {
  const slashes = "\\".repeat(500_000);
  expect(await foundIn(`{"a":"${slashes}u00","b":"jsonrpc"}`, `12:00 {"a":"u00${slashes}`)).toEqual([]);
});

test("a record around a message that names its method is a record", async () => {
  const record = { id: 5, method: "tools/call", message: JSON.parse(act) as unknown };
  expect(await foundIn(JSON.stringify(record))).toEqual([act]);
});

test.each(["roots/list", "sampling/createMessage", "elicitation/create"])(
  "%s is an act where the recording says that the client sent it",
  async (method) => {
    const sent = JSON.stringify({ jsonrpc: "2.0", id: 1, method });
    expect(await foundIn(from("client", sent))).toEqual([sent]);
    expect(await foundIn(from("server", sent), sent)).toEqual([]);
  },
);

test.each(["notifications/message", "notifications/tools/list_changed"])(
  "%s is left out, unless the client sent it",
  async (method) => {
    const sent = JSON.stringify({ jsonrpc: "2.0", method, params: {} });
    expect(await foundIn(sent, from("server", sent))).toEqual([]);
    expect(await foundIn(from("client", sent))).toEqual([sent]);
  },
);

test("an error hides no act where nothing else is the server's", async () => {
  const begin = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}';
  const toolError = '{"jsonrpc":"2.0","id":1,"result":{"isError":true}}';
  expect(await foundIn(act, error(1))).toEqual([act]);
  expect(await foundIn(act, toolError)).toEqual([act]);
  expect(await foundIn(act, error(1), ok(5))).toEqual([act]);
  expect(await foundIn(...heard, act, error(1))).toEqual([HEARD, "failed"]);
  expect(await foundIn(act, error(1), ...heard)).toEqual([HEARD, "failed"]);
  expect(await foundIn(begin, error(1), call(2), error(2))).toEqual(["failed", "failed"]);
  expect(await foundIn(from("client", act), from("server", error(1)))).toEqual(["failed"]);
  // Of another session nothing is known.
  const other = JSON.stringify({ session: "x", message: act });
  expect(await foundIn(...heard, other, JSON.stringify({ session: "x", message: error(1) }))).toEqual([
    HEARD,
    act,
  ]);
});

test("a request that is taken back may have worked before, whatever its answer says", async () => {
  const cancel = (requestId: unknown): string =>
    JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
  expect(await foundIn(...heard, act, cancel(1), error(1))).toEqual([HEARD, act]);
  expect(await foundIn(...heard, act, cancel(2), error(1))).toEqual([HEARD, "failed"]);
  expect(await foundIn(...heard, act, cancel(null), error(1))).toEqual([HEARD, "failed"]);
  expect(await foundIn(...heard, act, error(1), cancel(1))).toEqual([HEARD, "failed"]);
  expect(await foundIn(act, cancel(1), call(1, "b"), ok(1), ok(1))).toEqual([act, call(1, "b")]);
});

test.each(['{"__proto__":{}}', '{"a":{"constructor":1}}', '{"progressToken":9007199254740993}'])(
  "what is about a request stays where a session refuses it: %s",
  async (meta) => {
    const sent = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":${meta}}}`;
    const [found = "", ...others] = await foundIn(sent);
    expect(others).toEqual([]);
    expect(needOf(found)).toMatchObject({ kind: "never" });
    expect(needOf(found)).toEqual(needOf(sent));
    const free = sent.replace(meta, '{"progressToken":1}');
    expect(await foundIn(free)).toEqual([act]);
  },
);

test("bytes that are no UTF-8 are no message", async () => {
  const why = "unread: it holds bytes that are no UTF-8";
  expect(await foundIn(call(1, "a\uFFFD"))).toEqual([why]);
  expect(await foundIn(act.replace("jsonrpc", "jsonrp\uFFFD"))).toEqual([why]);
  expect(await foundIn(`{"message":${call(1, "a\uFFFD")}}`)).toEqual([why]);
  // An answer says what it says.
  expect(await foundIn(...heard, act, '{"jsonrpc":"2.0","id":1,"error":{"message":"\uFFFD"}}')).toEqual([
    HEARD,
    "failed",
  ]);
});
