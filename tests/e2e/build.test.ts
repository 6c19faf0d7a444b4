// tier: full
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root, startGateway } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";

let folder: string;

beforeAll(() => {
  const made = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-build-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = (name: string): string[] =>
  readdirSync(path.join(root, "build", name), { recursive: true, encoding: "utf8" });

test("what ships is JavaScript without tests, and nothing of the stand-in or the demo", () => {
  for (const name of ["gateway", "cli", "sdk", "audit-verifier"]) {
    const files = built(name);
    expect(files.filter((file) => file.endsWith(".js")).length).toBeGreaterThan(2);
    expect(files.filter((file) => /\.test\.|\/testing\/|fake|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    for (const file of files.filter((each) => each.endsWith(".js") || each === "package.json")) {
      const text = readFileSync(path.join(root, "build", name, file), "utf8");
      expect(text, file).not.toMatch(/(okta|kubernetes|slack)-stand-in|@mayfly\/testing|oidc-provider/);
      expect(text, file).not.toMatch(/from "\.[^"]*\.ts"/);
    }
  }
});

test("the gateway brings the console, compressed, and the manifest ships it", () => {
  const files = built("gateway");
  expect(files).toEqual(expect.arrayContaining(["console/index.html", "console/index.html.br"]));
  expect(files.filter((file) => /^console\/assets\/index-[\w-]+\.js(\.br|\.gz)?$/.test(file)).length).toBe(3);
  const manifest = JSON.parse(readFileSync(path.join(root, "build/gateway/package.json"), "utf8")) as {
    readonly files: readonly string[];
  };
  expect(manifest.files).toContain("console");
});

test("the built daemon serves", async () => {
  const [https, postgres] = [await freePort(), await freePort()];
  const file = path.join(folder, "mayfly.yaml");
  writeFileSync(
    file,
    `url: https://localhost:${https}
listen: { https: "127.0.0.1:${https}", postgres: "127.0.0.1:${postgres}" }
identity:
  agents: { issuer: "https://okta.invalid/oauth2/a", audience: "api://mayfly", directory: { 0oa1: { name: bot, groups: [bots] } } }
connections:
  db:
    postgres: { host: 127.0.0.1, database: shop, user: mayfly, password: { env: DB_PASSWORD } }
    operations: { read: { description: Read, statements: [select], tables: { public.orders: all } } }
  api:
    http: { url: "http://127.0.0.1:9", headers: { authorization: { env: DB_PASSWORD } } }
    operations: { read: { description: Read, requests: ["GET /v1/invoices/{id}"] } }
  cluster:
    kubernetes: { server: "https://127.0.0.1:9", token: { env: DB_PASSWORD } }
    operations: { look: { description: Look, resources: [pods], verbs: [get, list], namespaces: [shop] } }
  crm:
    mcp: { url: "http://127.0.0.1:9/mcp" }
    operations: { look: { description: Look, tools: [get_customer] } }
policies:
  - { name: bots read, groups: [bots], connection: db, operations: [read], ttl: 5m }
  - { name: bots read the API, groups: [bots], connection: api, operations: [read], ttl: 5m }
`,
  );
  const gateway = await startGateway(file, { DB_PASSWORD: "x" }, "build/gateway/bin/mayflyd.js");
  expect(gateway.postgresPort).toBe(postgres);
  for (const door of ["/http/api/v1/invoices/7", "/kubernetes/cluster/api", "/mcp/crm", "/mcp"]) {
    const answer = await call(gateway, undefined, door.includes("mcp") ? "POST" : "GET", door);
    expect([door, answer.status]).toEqual([door, 401]);
    expect(answer.headers["www-authenticate"]).toContain("resource_metadata=");
  }
  expect(await gateway.stop()).toBe(0);
});

test("the built commands run", () => {
  const run = (bin: string, ...args: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [path.join(root, "build", bin), ...args], { encoding: "utf8" });
  const file = path.join(folder, "mayfly.yaml");
  expect(run("gateway/bin/mayflyd.js", "check", file)).toMatchObject({ status: 0 });
  expect(
    run("gateway/bin/mayflyd.js", "judge", "-c", file, "db/read", "select 1", "drop table orders"),
  ).toMatchObject({
    status: 3,
    stdout: expect.stringContaining("deny    drop table orders") as string,
  });
  for (const [operation, granted, other] of [
    ["api/read", "GET /v1/invoices/7", "GET /v1/invoices/7/.."],
    ["cluster/look", "GET /api/v1/namespaces/shop/pods", "GET /api/v1/namespaces/shop/secrets"],
    [
      "crm/look",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_customer"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_customer"}}',
    ],
  ] as const) {
    expect(run("gateway/bin/mayflyd.js", "judge", "-c", file, operation, granted)).toMatchObject({
      status: 0,
    });
    expect(run("gateway/bin/mayflyd.js", "judge", "-c", file, operation, other)).toMatchObject({ status: 3 });
  }
  expect(run("cli/bin/mayfly.js", "--version")).toMatchObject({ status: 0 });
});

test("the built SDK opens by both its doors, and a browser's needs nothing of Node's", () => {
  const program = `
    for (const door of ["@mayfly/sdk", "@mayfly/sdk/browser"])
      console.log(typeof (await import(door)).createMayfly({ url: "https://mayfly.test" }).events);
  `;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: path.join(root, "build/sdk"),
    encoding: "utf8",
  });
  expect(run).toMatchObject({ status: 0, stdout: "function\nfunction\n" });
  const reached = ["browser.js"];
  for (const file of reached) {
    const text = readFileSync(path.join(root, "build/sdk/dist", file), "utf8");
    expect(text, file).not.toMatch(/from "node:/);
    for (const [, next = ""] of text.matchAll(/from "\.\/([^"]+)"/g))
      if (!reached.includes(next)) reached.push(next);
  }
  expect(reached).toContain("browser-transport.js");
});
