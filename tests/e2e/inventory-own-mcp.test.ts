// tier: full
import path from "node:path";
import { call } from "@mayfly/testing/api.ts";
import { acceptCrm, crmEnvironment, withCrm } from "@mayfly/testing/crm.ts";
import { connectMcp } from "@mayfly/testing/mcp.ts";
import { runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

// What an agent called at an MCP server through the gateway, as `mayflyd inventory` reads it out of the gateway's own audit log.

let world: World;
beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) => withCrm(text),
    environment: { ...crmEnvironment },
  });
  await acceptCrm(world.file, world.environment);
  await world.gateway.stop();
  await world.restart();
});
afterAll(() => world?.stop());

test("what the agent did is proposed, with who did it, and what was refused is not", async () => {
  const token = await world.agentToken();
  const granted = await call(world.gateway, token, "POST", "/v1/requests", {
    connection: "crm",
    operations: ["look-up-customer"],
    reason: "TICKET-9 who is it",
    ttl: "5m",
  });
  expect(granted.status).toBe(201);
  const agent = await connectMcp(world.gateway, token, "/mcp/crm");
  const said = [
    await agent.use("get_customer", { id: 1 }),
    await agent.use("get_customer", { id: 2 }),
    await agent.use("delete_customer", { id: 1 }),
  ];
  await agent.close();
  expect(said.map(({ error }) => error)).toEqual([false, false, true]);
  expect(await world.gateway.stop()).toBe(0);

  const log = path.join(world.folder, "data/audit");
  const proposed = await runMayflyd(["inventory", "--connection", "crm", "--kind", "mcp", log]);
  expect([proposed.code, proposed.stderr]).toEqual([
    0,
    "mayflyd: 3 messages counted; 1 failed or was refused\n",
  ]);
  expect(proposed.stdout).toMatch(/# seen 2 times by support-bot, \d{4}-\d\d-\d\d/);
  expect(proposed.stdout).toContain("get_customer:");
  expect(proposed.stdout).not.toContain("delete_customer");
  // The client lists the tools before it calls one.
  expect(proposed.stdout).toContain("# 1 message beside these needs no operation of its own");
});
