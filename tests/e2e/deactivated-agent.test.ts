// tier: full
import { mkdtempSync, copyFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling, type Billing } from "@mayfly/testing/billing.ts";
import { acceptCrm, crmEnvironment, withCrm } from "@mayfly/testing/crm.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { connectMcp } from "@mayfly/testing/mcp.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { withIntrospection } from "@mayfly/testing/withdrawn.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;
let billing: Billing;
let folder: string;

beforeAll(async () => {
  billing = await startBilling();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-withdrawn-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  world = await startWorld({
    store: "sqlite",
    configure: (text) => withIntrospection(withCrm(withBilling(text, billing.url, folder))),
    environment: { BILLING_AUTH: billingAuth, ...crmEnvironment },
  });
  await acceptCrm(world.file, world.environment);
  world.gateway.signal("SIGHUP");
  await world.gateway.line("configuration adopted");
});
afterAll(async () => {
  await world.stop();
  await billing.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One use of a grant on a connection of its own; whether it was let through. */
type Use = (access: Access) => Promise<boolean>;

const http = (credential: (access: Access) => string): Use => {
  return async (access) => {
    const answer = await call(
      world.gateway,
      credential(access),
      "GET",
      "/http/billing-api/v1/invoices/7",
      undefined,
      {
        connection: "close",
      },
    );
    return answer.status === 200;
  };
};

const uses: Readonly<
  Record<string, { readonly connection: string; readonly operation: string; readonly use: Use }>
> = {
  "psql, a fresh connection each time": {
    connection: "orders-db",
    operation: "read-orders",
    use: async ({ env }) => (await psql(world, env, ["-c", "select id from orders limit 1"])).code === 0,
  },
  "HTTP with the grant's secret, no connection kept": {
    connection: "billing-api",
    operation: "read-invoice",
    use: http(({ secret }) => secret),
  },
  "MCP with the grant's secret, a client each time": {
    connection: "crm",
    operation: "look-up-customer",
    async use({ secret }) {
      try {
        const user = await connectMcp(world.gateway, secret, "/mcp/crm");
        const said = await user.use("get_customer", { id: 1 });
        await user.close();
        return !said.error;
      } catch {
        return false;
      }
    },
  },
};

test("an agent that is deactivated is out within a look, however it connects and however short", async () => {
  const token = await world.agentToken();
  const all = await Promise.all(
    Object.entries(uses).map(async ([name, { connection, operation, use }]) => ({
      name,
      use,
      access: await getAccess(world.gateway, token, connection, [operation]),
    })),
  );
  const unused = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  for (const { name, use, access } of all) expect([name, await use(access)]).toEqual([name, true]);
  world.okta.deactivate(agentId);
  const deactivated = Date.now();
  // Each goes on connecting afresh until it is refused.
  const lasted = await Promise.all(
    all.map(async ({ name, use, access }) => {
      while (Date.now() - deactivated < 30_000) if (!(await use(access))) return { name, out: true };
      return { name, out: false };
    }),
  );
  expect(lasted).toEqual(all.map(({ name }) => ({ name, out: true })));
  // And stays out: the grants are over, the one that was never used too.
  const operator = await world.personToken("olga@example.com");
  for (const { grant } of [...all.map(({ access }) => access), unused]) {
    const { body } = await call(world.gateway, operator, "GET", `/v1/grants/${grant}`);
    expect(body).toMatchObject({ state: "revoked", ended_by: "identity" });
  }
  for (const { use, access } of all) expect(await use(access)).toBe(false);
});
