// tier: full
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { runMayflyd } from "@mayfly/testing/run-mayflyd.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";

// A connection that is observed: from a broad grant to the operations that its agents need.

const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
let world: World;
beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(/^( {2}orders-db:\n)/m, `$1    observe: { until: ${until} }\n`).replace(
        /^policies:\n/m,
        `policies:
  - name: support agents are observed
    groups: [support-agents]
    connection: orders-db
    operations: [observe]
    ttl: 5m
`,
      ),
  });
});
afterAll(() => world?.stop());

test("what an agent did under observe is proposed as operations, and observe counts for none of them", async () => {
  const { env } = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["observe"]);
  const ran = await psql(world, env, [
    "-c",
    "select card_last4 from customers where id = 1",
    "-c",
    "drop table customers",
  ]);
  expect(ran.stdout).toContain("card_last4");
  expect(ran.stderr).toContain("DROP is not granted by any operation");
  const args = ["inventory", "--connection", "orders-db", "-c", world.file];
  const log = path.join(world.folder, "data/audit");
  const proposed = await runMayflyd([...args, log]);
  const { connections } = parse(proposed.stdout) as {
    connections: { "orders-db": { operations: Record<string, { tables: object }> } };
  };
  expect(Object.values(connections["orders-db"].operations).map(({ tables }) => tables)).toEqual([
    { "public.customers": ["id", "card_last4"] },
  ]);
  const checked = await runMayflyd([...args, "--check", log]);
  expect(checked.code).toBe(3);
  expect(checked.stdout).toContain("select card_last4 from customers");
});

test("a denial of another operation does not lead to observe", async () => {
  const { env } = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const { stderr } = await psql(world, env, ["-c", "select card_last4 from customers"]);
  expect(stderr).toContain("card_last4");
  expect(stderr).not.toContain("observe");
});

test("explain says what may be asked for until then, and what no longer", async () => {
  const explained = async (file: string): Promise<readonly string[]> => {
    const { stdout } = await runMayflyd(["explain", "-c", file, "--as", "support-bot", "--json"]);
    const { requestable } = JSON.parse(stdout) as {
      requestable: readonly { connection: string; operation: string }[];
    };
    return requestable.map(({ connection, operation }) => `${connection}/${operation}`);
  };
  expect(await explained(world.file)).toContain("orders-db/observe");
  const over = path.join(world.folder, "over.yaml");
  await writeFile(over, (await readFile(world.file, "utf8")).replace(until, "2026-01-01"));
  const left = await explained(over);
  expect(left).toContain("orders-db/read-orders");
  expect(left).not.toContain("orders-db/observe");
});

test("check says that it is observed, and the API until when", async () => {
  const { code, stderr } = await runMayflyd(["check", world.file]);
  expect(code).toBe(0);
  expect(stderr).toContain(`warning: connections.orders-db.observe: whoever a policy lets have`);
  const olga = await world.personToken("olga@example.com");
  const { body } = await call(world.gateway, olga, "GET", "/v1/connections");
  const { connections } = body as { connections: readonly { name: string; observed_until?: string }[] };
  const observed = connections.filter(({ observed_until }) => observed_until !== undefined);
  expect(observed.map(({ name }) => name)).toEqual(["orders-db"]);
});
