// tier: full
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";

// What was done at an HTTP API, as `mayflyd inventory` reads it out of logs.

let folder = "";
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-http-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd(["inventory", "--connection", "crm", ...given]);

let files = 0;
function fileOf(content: string | Uint8Array, name = "log"): string {
  files += 1;
  const file = path.join(folder, `${files}.${name}`);
  writeFileSync(file, content);
  return file;
}

interface Request {
  readonly method: string;
  readonly target: string;
  readonly status?: number;
  readonly host?: string;
}
/** What no command may say: values. */
const marker = "424242";
const requests: readonly Request[] = [
  { method: "GET", target: `/v1/orders/${marker}` },
  { method: "GET", target: "/v1/orders/7" },
  { method: "GET", target: `/v1/orders?page=${marker}` },
  { method: "DELETE", target: `/v1/orders/${marker}` },
  { method: "GET", target: "/v1/orders/8", status: 404 },
];
const combined = (all: readonly Request[]): string =>
  all
    .map(
      ({ method, target, status = 200 }) =>
        `10.0.0.7 - bot [02/Dec/2026:09:14:03 +0000] "${method} ${target} HTTP/1.1" ${status} 5 "-" "x"\n`,
    )
    .join("");
const envoy = (all: readonly Request[]): string =>
  all
    .map(
      ({ method, target, status = 200, host = "crm.example" }) =>
        `[2026-12-02T09:14:03.000Z] "${method} ${target} HTTP/1.1" ${status} - 0 5 4 3 "bot" "x" "1" "${host}" "10.0.0.9:80"\n`,
    )
    .join("");
const json = (all: readonly Request[]): string =>
  all
    .map(
      ({ method, target, status = 200 }) =>
        `${JSON.stringify({ time: "2026-12-02T09:14:03Z", remote_user: "bot", request_method: method, request_uri: target, status })}\n`,
    )
    .join("");
const har = (all: readonly Request[]): string =>
  JSON.stringify({
    log: {
      version: "1.2",
      creator: { name: "test", version: "1" },
      entries: all.map(({ method, target, status = 200 }) => ({
        startedDateTime: "2026-12-02T09:14:03.000Z",
        request: { method, url: `https://crm.example${target}`, headers: [], bodySize: 0 },
        response: { status },
      })),
    },
  });

const example = path.join(root, "examples/http.yaml");
/** A configuration whose connection is what an inventory printed. */
function configured(printed: string): string {
  const { connections: _, ...rest } = parse(readFileSync(example, "utf8")) as Record<string, unknown>;
  const { connections } = parse(printed) as { connections: unknown };
  return fileOf(stringify({ ...rest, connections, policies: [] }), "mayfly.yaml");
}

describe("what was done", () => {
  test.each([
    ["a combined log", combined(requests)],
    ["Envoy's log", envoy(requests)],
    ["a log of JSON", json(requests)],
    ["a HAR file", har(requests)],
  ])("as %s is proposed as a configuration that passes, and that covers it", async (_, content) => {
    const log = fileOf(content);
    const proposed = await inventory(log);
    expect([proposed.code, proposed.stderr]).toEqual([
      0,
      "mayflyd: 4 requests counted; 1 failed or was refused\n",
    ]);
    const { connections } = parse(proposed.stdout) as {
      connections: { crm: { http: { url: string }; operations: Record<string, unknown> } };
    };
    expect(connections.crm.http.url).toMatch(/^https:\/\/crm\.(?:example|internal)$/);
    expect(connections.crm.operations).toEqual({
      "read-order": expect.objectContaining({ requests: ["GET /v1/orders/{order_id:[0-9]+}"], query: [] }),
      "read-orders": expect.objectContaining({ requests: ["GET /v1/orders"], query: { page: "[0-9]+" } }),
      "delete-order": expect.objectContaining({ risk: "high" }),
    });
    const file = configured(proposed.stdout);
    const [checked, covered, unused] = await Promise.all([
      runMayflyd(["check", file]),
      inventory("-c", file, "--check", log),
      inventory("-c", file, "--unused", log),
    ]);
    expect(checked.code).toBe(0);
    expect([covered.code, covered.stdout]).toEqual([0, "crm: 4 requests, 4 covered, 0 refused (0.00 %)\n"]);
    expect([unused.code, unused.stdout]).toEqual([
      0,
      "crm/read-order: all of it was used\ncrm/read-orders: all of it was used\ncrm/delete-order: all of it was used\n",
    ]);
    for (const { stdout, stderr } of [proposed, covered, unused])
      expect(stdout + stderr).not.toContain(marker);
  });

  test("is the same packed and from standard input", async () => {
    const [whole, packed, piped] = await Promise.all([
      inventory(fileOf(combined(requests))),
      inventory(fileOf(gzipSync(combined(requests)))),
      runMayflyd(["inventory", "--connection", "crm", "-"], combined(requests)),
    ]);
    expect(whole.code).toBe(0);
    for (const other of [packed, piped]) expect(other).toEqual(whole);
  });
});

test("several hosts are no one connection, and --host says which", async () => {
  const log = fileOf(envoy([...requests, { method: "GET", target: "/v1/other", host: "b.example" }]));
  const mixed = await inventory(log);
  expect([mixed.code, mixed.stdout]).toEqual([1, ""]);
  expect(mixed.stderr).toContain("hint: a connection is one host: say which with --host crm.example");
  const one = await inventory("--host", "crm.example", log);
  expect(one.stderr).toBe("mayflyd: 4 requests counted; 1 failed or was refused; 1 was not asked for\n");
  expect(one.stdout).not.toContain("other");
});

test("what a configuration refuses is told by rule", async () => {
  const file = configured((await inventory(fileOf(combined(requests)))).stdout);
  const more = fileOf(combined([{ method: "GET", target: `/v1/orders?size=${marker}` }]));
  const checked = await inventory("-c", file, "--check", more);
  expect(checked.code).toBe(3);
  expect(checked.stdout).toContain(
    'crm/read-orders: query\n  refused: the parameter "size" is not listed\n  seen 1 time by bot, 2026-12-02\n    GET /v1/orders?size\n',
  );
  expect(checked.stdout).not.toContain(marker);
});

test("an OpenAPI document gives names, and what it does not have is set apart", async () => {
  const schema = fileOf(
    stringify({ openapi: "3.1.0", paths: { "/v1/orders/{id}": { get: { operationId: "getOrder" } } } }),
    "openapi.yaml",
  );
  const { code, stdout } = await inventory("--schema", schema, fileOf(combined(requests)));
  expect(code).toBe(0);
  expect(stdout).toContain(
    'get-order:\n        description: Read order\n        risk: low\n        requests: ["GET /v1/orders/{id:[0-9]+}"]',
  );
  expect(stdout).toContain("# Not proposed: --schema has no such request");
  const none = await inventory("--schema", fileOf("select 1;"), fileOf(combined(requests)));
  expect([none.code, none.stdout]).toEqual([1, ""]);
  expect(none.stderr).toContain("hint: --schema takes an OpenAPI 3 document");
});
