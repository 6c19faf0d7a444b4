// tier: full
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { call } from "@mayfly/testing/api.ts";
import { billingAuth, type Billing, startBilling, withBilling } from "@mayfly/testing/billing.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { type Ran, runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

// What an agent did at an HTTP API through the gateway, as `mayflyd inventory` reads it out of the gateway's own audit log.

let world: World;
let billing: Billing;
let folder: string;

beforeAll(async () => {
  billing = await startBilling();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-inventory-own-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  world = await startWorld({
    store: "sqlite",
    configure: (text) => withBilling(text, billing.url, folder),
    environment: { BILLING_AUTH: billingAuth },
  });
});
afterAll(async () => {
  await world?.stop();
  await billing?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Reads with the real curl; answers the status. */
function read(url: string, secret: string): Promise<string> {
  const args = ["-sS", "--cacert", world.gateway.caFile, "-o", "/dev/null", "-w", "%{http_code}"];
  return new Promise((resolve, reject) => {
    execFile("curl", [...args, "-H", `Authorization: Bearer ${secret}`, url], (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}

const inventory = (...given: string[]): Promise<Ran> =>
  runMayflyd([
    "inventory",
    "--connection",
    "billing-api",
    "--kind",
    "http",
    ...given,
    path.join(world.folder, "data/audit"),
  ]);

test("what the agent did is proposed, with who did it, and what was refused is not", async () => {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "billing-api",
    operations: ["read-invoice"],
    reason: "TICKET-9 what was billed",
    ttl: "5m",
  });
  const { access } = (answer.body as { grant: { access: { url: string; secret: string } } }).grant;
  const statuses = [
    await read(`${access.url}/v1/invoices/7`, access.secret),
    await read(`${access.url}/v1/invoices/8?expand=lines`, access.secret),
    await read(`${access.url}/v1/customers`, access.secret),
  ];
  expect(statuses).toEqual(["200", "200", "403"]);
  expect(await world.gateway.stop()).toBe(0);

  const [proposed, others] = await Promise.all([inventory(), inventory("--by", "somebody-else")]);
  expect([proposed.code, proposed.stderr]).toEqual([
    0,
    "mayflyd: 2 requests counted; 1 failed or was refused\n",
  ]);
  expect(proposed.stdout).toMatch(/# seen 2 times by support-bot, \d{4}-\d\d-\d\d/);
  expect(proposed.stdout).toContain('requests: ["GET /v1/invoices/{invoice_id:[0-9]+}"]');
  expect(proposed.stdout).toContain("query: [expand]");
  expect(proposed.stdout).not.toContain("customers");
  expect(others.stderr).toMatch(
    /^mayflyd: 0 requests counted; 1 failed or was refused; 2 were not asked for\n/,
  );
});
