import { expect, test } from "vitest";
import { readMessage } from "../../../gate/web/mcp/message.ts";
import { detailOf } from "../detail.ts";
import { recorded } from "./recorded.ts";

/** What the gateway's own log says of a message, read back. */
function readBack(method: string, params: object): unknown {
  const message = readMessage(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 5, method, params })));
  if ("why" in message) throw new Error(message.why);
  return recorded(JSON.parse(detailOf({ message })) as Record<string, unknown>);
}
const text = (method: string, params: object): object => ({
  act: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
});

test.each([
  ["tools/call", { name: "read_file", arguments: { path: "/a" } }],
  ["tools/call", { name: "write_file", arguments: { text: "é".repeat(10_000) } }],
  ["resources/read", { uri: "file:///a" }],
  ["prompts/get", { name: "greet", arguments: { who: "b" } }],
  ["tools/list", { cursor: "c" }],
  ["prompts/list", {}],
  ["initialize", {}],
])("a record of %s reads back as what was sent", (method, params) => {
  expect(readBack(method, params)).toEqual(text(method, params));
});

test("arguments that were left out are none", () => {
  expect(readBack("tools/call", { name: "a" })).toEqual(text("tools/call", { name: "a", arguments: {} }));
});

test("what is no message, or needs nothing, is nothing, and a broken record is told", () => {
  expect(recorded({ sql: "SELECT 1" })).toBeUndefined();
  expect(recorded({ method: "notifications/initialized" })).toBeUndefined();
  expect(recorded({ method: 7 })).toEqual({ why: "the record has no message" });
  const why = "the record does not say what was asked for";
  expect(recorded({ method: "tools/call", arguments: {} })).toEqual({ why });
  expect(recorded({ method: "tools/call", tool: "a" })).toEqual({ why });
  expect(recorded({ method: "tools/call", tool: "a", arguments: '{"a":' })).toEqual({ why });
  expect(recorded({ method: "tools/call", tool: "a", arguments: "[1]" })).toEqual({ why });
  expect(recorded({ method: "resources/read", uri: 7 })).toEqual({ why });
  expect(recorded({ method: "prompts/get", tool: "a", arguments: {} })).toEqual({ why });
});
