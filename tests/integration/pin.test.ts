// tier: gate
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { afterEach, expect, test } from "vitest";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";

const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** What `mayflyd pin` says of a server that is reached by its URL. */
async function pin(answer: RequestListener): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  undo.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-pin-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    path.join(folder, "mayfly.yaml"),
    `url: https://mayfly.internal:8443
listen: { https: "127.0.0.1:0" }
identity:
  agents: { issuer: https://example.okta.com/oauth2/aus1, audience: api://mayfly }
connections:
  crm:
    mcp: { url: "http://127.0.0.1:${port}/mcp" }
    operations: { read: { tools: [get_order] } }
policies:
  - { name: support, groups: [support], connection: crm, operations: [read], ttl: 5m }
`,
  );
  const child = spawn(process.execPath, [mayflyd, "pin", "-c", "mayfly.yaml", "crm"], { cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const [code] = (await once(child, "close")) as unknown[];
  return { code, stdout, stderr };
}

const tool = { name: "get_order", description: "One order", inputSchema: { type: "object" } };

test("mayflyd pin asks a server over HTTP, prints the digests, and ends its session", async () => {
  const methods: unknown[] = [];
  const { code, stdout, stderr } = await pin((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const { id, method } = JSON.parse(text === "" ? "{}" : text) as { id?: number; method?: string };
      methods.push(method ?? request.method);
      const results: Readonly<Record<string, object>> = {
        initialize: {
          protocolVersion: "2025-06-18",
          capabilities: { tools: {} },
          serverInfo: { name: "x", version: "1" },
        },
        "tools/list": { tools: [tool] },
      };
      const result = results[method ?? ""];
      if (result === undefined) response.writeHead(202).end();
      else
        response
          .writeHead(200, { "content-type": "application/json", "mcp-session-id": "s1" })
          .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  });
  expect(stderr).toContain("new: get_order");
  expect(stdout).toBe(`pins:\n  get_order: ${pinOf(tool)}\n`);
  expect(code).toBe(3);
  expect(methods).toEqual(["initialize", "notifications/initialized", "tools/list", "DELETE"]);
});

test("mayflyd pin says why a server cannot be asked", async () => {
  const { code, stdout, stderr } = await pin((_, response) => response.writeHead(401).end());
  expect(stderr).toContain("the server of crm cannot be asked: the server answered with the status 401");
  expect(stderr).toContain("hint: check its url or command, and its credential");
  expect(stdout).toBe("");
  expect(code).toBe(1);
});
