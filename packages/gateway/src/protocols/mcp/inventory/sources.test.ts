import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mcpSources } from "./sources.ts";

const recognizing = (text: string): readonly string[] =>
  mcpSources.filter((source) => source.recognizes(text)).map(({ format }) => format);
const MESSAGE = '{"method":"tools/list","jsonrpc":"2.0","id":0}';
const TIME = "2026-12-02T08:19:19.123Z";
const escaped = JSON.stringify(MESSAGE);

test.each([
  MESSAGE,
  `\uFEFF\r\n\r\n${MESSAGE}\r\n`,
  '{"jsonrpc":"2.0","id":0,"result":{}}',
  `[${MESSAGE}]`,
  `{"time":"${TIME}","message":${MESSAGE}}`,
  `{"time":"${TIME}","message":${escaped}}`,
  `{"v":1,"type":"meta"}\n{"t":"${TIME}","dir":"in","raw":${MESSAGE}}`,
  `${TIME} [crm] [info] Initializing server... { metadata: undefined }\n${TIME} [crm] [info] Message from client: ${MESSAGE} { metadata: undefined }`,
  `${TIME} [STDIN] ${MESSAGE}`,
  `event: message\ndata: ${MESSAGE}`,
  `{"jsonrpc":"2.0","id":0,"result":{"a":"${"b".repeat(65_000)}`,
])("a recording of messages is recognized: %#", (text) => {
  expect(recognizing(text)).toEqual(["mcp-messages"]);
});

const postgres = (message: string): string =>
  JSON.stringify({ timestamp: "2026-12-02 00:45:36.320 UTC", error_severity: "ERROR", message });
const nginx = { time: TIME, remote_addr: "10.0.0.1", request: "POST /mcp HTTP/1.1", status: "200" };
test.each([
  "",
  "CREATE TABLE a ();",
  '{"log":{"version":"1.2","entries":[{"request":{"postData":{"text":"',
  `{"log":{"version":"1.2","entries":[{"request":{"postData":{"text":${escaped}}}}]}}`.replace("POST", ""),
  postgres(`statement: SELECT '${MESSAGE}'`),
  postgres(MESSAGE),
  `${MESSAGE}\n${postgres("statement: BEGIN")}`,
  `2026-12-02 00:45:36.320 UTC,"bot","shop",1,"[local]",,1,"SELECT",,,,LOG,00000,"${MESSAGE}"`,
  JSON.stringify({ ...nginx, body: MESSAGE }),
  `10.0.0.1 - - [02/Dec/2026:09:14:03 +0000] "GET / HTTP/1.1" 200 5 "-" "${MESSAGE}"`,
  JSON.stringify({ kind: "Event", apiVersion: "audit.k8s.io/v1", request: MESSAGE }),
  JSON.stringify({ kind: "Event", apiVersion: "audit.k8s.io/v1", requestObject: { data: MESSAGE } }),
  `${"a".repeat(400)} ${MESSAGE}`,
  '{"jsonrpc":"1.0","method":"a"}',
  '{"jsonrpc":"2.0","id":1}',
  `${"hello\n".repeat(30)}${MESSAGE}`,
])("another text is not, whatever an agent wrote into it: %#", (text) => {
  expect(recognizing(text).filter((format) => format === "mcp-messages")).toEqual([]);
});

test("the examples of other kinds are not recognized", () => {
  const folder = new URL("../../../../../../examples/inventory/", import.meta.url);
  const others = readdirSync(folder).filter((name) => !name.startsWith("mcp"));
  expect(others).toContain("postgresql.jsonl");
  for (const name of others)
    expect(recognizing(readFileSync(new URL(name, folder), "utf8").slice(0, 65_536))).toEqual([]);
});
