// tier: full
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";

// What was called at an MCP server, as `mayflyd inventory` reads it out of a recording.

let folder = "";
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-mcp-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "crm", ...given]);

let files = 0;
function fileOf(content: string | Uint8Array, name = "recording.jsonl"): string {
  files += 1;
  const file = path.join(folder, `${files}.${name}`);
  writeFileSync(file, content);
  return file;
}

/** What no command may say: values. */
const marker = "hunter2";
const message = (id: number, method: string, params: object): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const call = (id: number, name: string, given: object): string =>
  message(id, "tools/call", { name, arguments: given });

const recording = [
  message(0, "initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "bot", version: "1" },
  }),
  JSON.stringify({ jsonrpc: "2.0", id: 0, result: { protocolVersion: "2025-06-18", capabilities: {} } }),
  call(1, "get_order", { id: 7 }),
  call(2, "search_customers", { q: `anna ${marker}` }),
  call(3, "get_order", { id: 8, note: marker }),
  JSON.stringify({ jsonrpc: "2.0", id: 3, result: { content: [], isError: true } }),
  call(4, "set_token", { token: marker }),
  message(5, "resources/read", { uri: "crm://orders/7" }),
]
  .map((line) => `${line}\n`)
  .join("");

const example = path.join(root, "examples/mcp.yaml");
/** A configuration whose connection is what an inventory printed. */
function configured(printed: string): string {
  const { connections: _, ...rest } = parse(readFileSync(example, "utf8")) as Record<string, unknown>;
  const { connections } = parse(printed) as { connections: unknown };
  return fileOf(stringify({ ...rest, connections, policies: [] }), "mayfly.yaml");
}

test("is proposed as a configuration that passes, and that covers it", async () => {
  const file = fileOf(recording);
  const proposed = await inventory(file);
  expect([proposed.code, proposed.stderr]).toEqual([
    0,
    "mayflyd: 5 messages counted; 1 failed or was refused\n",
  ]);
  const { connections } = parse(proposed.stdout) as {
    connections: { crm: { operations: Record<string, unknown> } };
  };
  expect(connections.crm.operations).toEqual({
    "get-order": expect.objectContaining({
      risk: "low",
      tools: {
        get_order: {
          type: "object",
          properties: { id: { type: "integer" } },
          required: ["id"],
          additionalProperties: false,
        },
      },
    }) as unknown,
    "search-customers": expect.objectContaining({ risk: "low" }) as unknown,
    "read-resources-of-crm-orders": expect.objectContaining({ resources: ["crm://orders/7"] }) as unknown,
  });
  expect(proposed.stdout).toContain("# Not proposed: its name says that it is about secrets");
  const configuration = configured(proposed.stdout);
  const [checked, covered, unused] = await Promise.all([
    runMayflyd(["check", configuration]),
    inventory("-c", configuration, "--check", file),
    inventory("-c", configuration, "--unused", file),
  ]);
  expect(checked.code).toBe(0);
  expect(covered.code).toBe(3);
  expect(covered.stdout).toMatch(/^crm: 5 messages, 4 covered, 1 refused \(20\.00 %\)\n/u);
  expect(covered.stdout).toContain("refused: no operation has the tool set_token");
  expect(unused.stdout.match(/: all of it was used$/gmu)).toHaveLength(3);
  for (const { stdout, stderr } of [proposed, covered, unused]) expect(stdout + stderr).not.toContain(marker);
});

test("is the same packed and from standard input", async () => {
  const [whole, packed, piped] = await Promise.all([
    inventory(fileOf(recording)),
    inventory(fileOf(gzipSync(recording))),
    runMayflyd(["inventory", "--connection", "crm", "-"], recording),
  ]);
  expect(whole.code).toBe(0);
  for (const other of [packed, piped]) expect(other).toEqual(whole);
});

test("a line that is cut counts as unread", async () => {
  const { code, stderr } = await inventory(fileOf(recording.slice(0, -20)));
  expect(code).toBe(3);
  expect(stderr).toContain("1 could not be read");
});

test("what is no list of tools is told with what it should be", async () => {
  const { code, stderr } = await inventory("--schema", example, fileOf(recording));
  expect(code).toBe(1);
  expect(stderr).toContain("--schema holds no list of tools");
  expect(stderr).toContain("hint: it is the server's answer to tools/list");
});
