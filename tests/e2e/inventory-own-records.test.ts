// tier: full
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { getAccess } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { psql, startWorld, type Ran, type World } from "@mayfly/testing/world.ts";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

// What an agent did through the gateway, as `mayflyd inventory` reads it out of the gateway's own audit log.

let world: World;

/** What no command may say: values of statements. */
const marker = 424_242;
const done = [
  "select * from orders",
  `select id, name from customers where id = ${marker}`,
  `select id, name from customers where id = ${marker + 1}`,
  "copy orders to stdout",
];
/** The database refuses the first, the gateway the second. */
const failed = [
  `select ${marker} / (id - id) from orders`,
  `select salary from payroll where id = ${marker}`,
];

beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
  const { env } = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const ran = await psql(
    world,
    env,
    [...failed, ...done].flatMap((text) => ["-c", text]),
  );
  if (!/division by zero[^]*payroll/.test(ran.stderr)) throw new Error(ran.stderr);
  const client = new pg.Client({
    host: env["PGHOST"],
    port: Number(env["PGPORT"]),
    user: env["PGUSER"],
    database: env["PGDATABASE"],
    password: env["PGPASSWORD"],
    ssl: { ca: readFileSync(world.gateway.caFile, "utf8") },
  });
  await client.connect();
  for (const id of [marker, marker + 1])
    await client.query({ name: "total", text: "select total from orders where id = $1", values: [id] });
  await client.end();
});
afterAll(() => world?.stop());

/** What `mayflyd inventory` says of the gateway's own log. */
function inventory(...given: string[]): Promise<Ran> {
  const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
  const args = [
    bin,
    "inventory",
    "--connection",
    "orders-db",
    ...given,
    path.join(world.folder, "data/audit"),
  ];
  const options = { env: { ...process.env, ...world.environment }, encoding: "utf8" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function expectWhatWasDone(): Promise<void> {
  const [proposed, checked, unused, others, elsewhere] = await Promise.all([
    inventory("--kind", "postgres", "--schema", path.join(root, "demo/shop.sql")),
    inventory("-c", world.file, "--check"),
    inventory("-c", world.file, "--unused"),
    inventory("--kind", "postgres", "--by", "somebody-else"),
    inventory("--kind", "postgres", "--connection", "stock-db"),
  ]);
  const counted = "mayflyd: 7 statements counted; 1 failed or was refused\n";
  expect([proposed.code, proposed.stderr]).toEqual([0, counted]);
  const { connections } = parse(proposed.stdout) as {
    connections: Record<string, { operations: Record<string, unknown> }>;
  };
  expect(connections["orders-db"]?.operations).toMatchObject({
    "read-orders": { statements: ["select"], tables: { "public.orders": "all" } },
    "read-customers": { statements: ["select"], tables: { "public.customers": ["id", "name"] } },
    "copy-orders": { statements: ["copy_to"], tables: { "public.orders": "all" } },
  });
  expect(Object.keys(connections["orders-db"]?.operations ?? {})).toHaveLength(3);
  expect(proposed.stdout).toMatch(
    /# seen 4 times by support-bot, \d{4}-\d\d-\d\d.*\n(?: +#.*\n)* +read-orders:/,
  );
  expect(proposed.stdout).toMatch(
    /# seen 2 times by support-bot, \d{4}-\d\d-\d\d.*\n(?: +#.*\n)* +read-customers:/,
  );
  expect(checked).toEqual({
    code: 0,
    stdout: "orders-db: 7 statements, 7 covered, 0 refused (0.00 %)\n",
    stderr: counted,
  });
  expect(unused).toEqual({
    code: 3,
    stdout: `orders-db/read-orders: granted beyond what was used
  table public.customers select email
orders-db/refund-order: nobody used it
`,
    stderr: counted,
  });
  expect(others.stderr).toMatch(
    /^mayflyd: 0 statements counted; 1 failed or was refused; 7 were not asked for\n/,
  );
  expect(elsewhere.stderr).toMatch(/^mayflyd: 0 statements counted\n/);
  for (const { stdout, stderr } of [proposed, checked, unused, others, elsewhere])
    expect(stdout + stderr).not.toMatch(/42424/);
}

describe("what the agent did", () => {
  test("is proposed, with who did it, while the gateway runs", expectWhatWasDone);
  test("is the same once it has stopped", async () => {
    expect(await world.gateway.stop()).toBe(0);
    await expectWhatWasDone();
  });
});
