// tier: full
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// The policy about orders demands a sandbox; mayfly run --sandbox meets it, and nothing else does.

let world: World;
let token: string;
let env: NodeJS.ProcessEnv;
const home = mkdtempSync(path.join(tmpdir(), "mayfly-sandboxed-"));
const bin = path.join(root, "packages/cli/bin/mayfly.js");
const ask = ["orders-db/read-orders", "--reason", "TICKET-1"];

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(/(operations: \[read-orders\]\n)/, "$1    requires: { sandbox: true }\n"),
  });
  token = await world.agentToken();
  env = {
    PATH: process.env["PATH"],
    LD_LIBRARY_PATH: process.env["LD_LIBRARY_PATH"],
    HOME: home,
    MAYFLY_URL: world.gateway.url,
    MAYFLY_CA: world.gateway.caFile,
    MAYFLY_TOKEN: token,
  };
});
afterAll(async () => {
  await world.stop();
  rmSync(home, { recursive: true });
});

/** Runs the command to its end. */
const mayfly = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [bin, ...args], { env });

test("psql works in a sandbox as outside of it, and the database itself cannot be reached", async () => {
  writeFileSync(path.join(home, ".pgpass"), "*:*:*:*:standing\n", { mode: 0o600 });
  const script = `psql -X -At -c 'select count(*) from orders'
    cat ~/.pgpass
    psql -X -w "host=127.0.0.1 port=${world.postgres.port} user=postgres dbname=shop sslmode=disable" -c 'select 1' || echo refused`;
  const ran = await mayfly("run", "--sandbox", ...ask, "--", "sh", "-c", script);
  expect(ran.stdout).toMatch(/^\d+\nrefused\n$/);
  expect(ran.stderr).toContain("Connection refused");
  expect(ran.stderr).toContain("mayfly: released");
});

test("mayfly connect has its client in a sandbox too", async () => {
  const connected = await mayfly("connect", "--sandbox", ...ask, "--", "-X", "-Atc", "select 1");
  expect(connected.stdout).toBe("1\n");
  expect(connected.stderr).toContain("mayfly: released");
});

test.each([
  ["connect", ["connect", ...ask, "--", "-Xc", "select 1"]],
  ["run", ["run", ...ask, "--", "true"]],
  ["request", ["request", ...ask]],
])("mayfly %s without a sandbox is denied, and says what to run", async (_, args) => {
  await expect(mayfly(...args)).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining(
      'policy "support agents read orders" demands a command in a sandbox; run it with mayfly run --sandbox',
    ) as string,
  });
});

test("what can be asked for says that it takes a sandbox", async () => {
  expect((await mayfly("operations", "--scope")).stdout).toContain(
    "requires: a command in a sandbox (mayfly run --sandbox)",
  );
  expect((await mayfly("operations")).stdout).toContain("(in a sandbox: mayfly run --sandbox)");
});

describe("while a command runs in its sandbox", () => {
  let child: ChildProcess;
  let grant: string;
  beforeAll(async () => {
    child = spawn(
      process.execPath,
      [bin, "run", "--sandbox", ...ask, "--", "sh", "-c", 'echo "$MAYFLY_GRANT"; read line'],
      {
        env,
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    grant = line;
  });
  afterAll(async () => {
    const over = once(child, "exit");
    child.stdin?.end("\n");
    await over;
  });

  test("its grant is not opened by the agent's own token, which its command does not have", async () => {
    const refused = await psql(
      world,
      {
        PGHOST: "localhost",
        PGPORT: String(world.gateway.postgresPort),
        PGUSER: `${grant}.token`,
        PGPASSWORD: token,
        PGDATABASE: "orders-db",
        PGSSLMODE: "verify-full",
      },
      ["-Atc", "select count(*) from orders"],
    );
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("this grant is for a command in a sandbox");
  });

  test.each(["collect", "env"])("mayfly %s does not get its secret", async (command) => {
    await expect(mayfly(command, grant)).rejects.toMatchObject({
      stderr: expect.stringContaining(`grant ${grant} is for a command in a sandbox`) as string,
    });
  });

  test("the tools of MCP do not use it", async () => {
    const body = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "run_sql", arguments: { connection: "orders-db", sql: "select 1", grant } },
    };
    const accept = { accept: "application/json, text/event-stream" };
    const said = await call(world.gateway, token, "POST", "/mcp", body, accept);
    expect(JSON.stringify(said.body)).toContain(`grant ${grant} is for a command in a sandbox alone`);
  });
});
