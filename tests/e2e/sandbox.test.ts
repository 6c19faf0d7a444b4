// tier: full
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;
const home = mkdtempSync(path.join(tmpdir(), "mayfly-sandboxed-"));

beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
});
afterAll(async () => {
  await world.stop();
  rmSync(home, { recursive: true });
});

test("psql works in a sandbox as outside of it, and the database itself cannot be reached", async () => {
  writeFileSync(path.join(home, ".pgpass"), "*:*:*:*:standing\n", { mode: 0o600 });
  const script = `psql -X -At -c 'select count(*) from orders'
    cat ~/.pgpass
    psql -X -w "host=127.0.0.1 port=${world.postgres.port} user=postgres dbname=shop sslmode=disable" -c 'select 1' || echo refused`;
  const command = [
    "run",
    "--sandbox",
    "orders-db/read-orders",
    "--reason",
    "TICKET-1",
    "--",
    "sh",
    "-c",
    script,
  ];
  const env = {
    PATH: process.env["PATH"],
    LD_LIBRARY_PATH: process.env["LD_LIBRARY_PATH"],
    HOME: home,
    MAYFLY_URL: world.gateway.url,
    MAYFLY_CA: world.gateway.caFile,
    MAYFLY_TOKEN: await world.agentToken(),
  };
  const ran = await promisify(execFile)(
    process.execPath,
    [path.join(root, "packages/cli/bin/mayfly.js"), ...command],
    { env },
  );
  expect(ran.stdout).toMatch(/^\d+\nrefused\n$/);
  expect(ran.stderr).toContain("Connection refused");
  expect(ran.stderr).toContain("mayfly: released");
});
