// tier: full
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { getAccess } from "@mayfly/testing/api.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// What a statement costs in the log: its records carry their session's number, and an act that repeats an earlier one
// says what differs.

/** Of the log, for an intent and its outcome together. */
const MAX_BYTES_A_STATEMENT = 350;

let world: World;
const clients: pg.Client[] = [];

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text
        .replace(
          "      refund-order:\n",
          `      read-accounts:
        statements: [select]
        tables: { public.pgbench_accounts: all }
      refund-order:
`,
        )
        .replace("operations: [read-orders]\n    ttl:", "operations: [read-orders, read-accounts]\n    ttl:"),
  });
  await world.postgres.run(
    "create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84)); insert into pgbench_accounts select g, 1, 0, '' from generate_series(1, 1000) g; grant select on pgbench_accounts to mayfly",
    "shop",
  );
});
afterAll(async () => {
  for (const client of clients) await client.end();
  await world.stop();
});

async function connect(operations: readonly string[]): Promise<pg.Client> {
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", operations, "5m");
  const client = new pg.Client({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: access.grant,
    password: access.secret,
    database: "orders-db",
    ssl: { ca: readFileSync(world.gateway.caFile, "utf8"), servername: "localhost" },
  });
  clients.push(client);
  await client.connect();
  return client;
}

const lines = (): readonly string[] => {
  const folder = path.join(world.folder, "data/audit/records");
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => readFileSync(path.join(folder, file), "utf8").split("\n").slice(0, -1));
};
const ofType = (type: string): readonly string[] =>
  lines().filter((line) => line.includes(`"type":"${type}"`));

/** Runs statements, and gives the bytes of the log that each has cost. */
async function cost(
  client: pg.Client,
  run: (on: pg.Client, aid: number) => Promise<unknown>,
): Promise<number> {
  const acts = 200;
  const before = { intents: ofType("act.intent").length, outcomes: ofType("act.outcome").length };
  for (let aid = 1; aid <= acts; aid += 1) await run(client, aid);
  await expect.poll(() => ofType("act.outcome").length).toBe(before.outcomes + acts);
  const intents = ofType("act.intent").slice(before.intents);
  expect(intents).toHaveLength(acts);
  const written = [...intents, ...ofType("act.outcome").slice(before.outcomes)];
  return written.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0) / acts;
}

test.each([
  ["one operation", ["read-accounts"]],
  ["several operations", ["read-orders", "read-accounts"]],
])(
  "with a grant of %s a prepared execution costs at most 350 bytes, and so does one by the simple protocol",
  async (_, operations) => {
    const client = await connect(operations);
    const sql = "SELECT abalance FROM pgbench_accounts WHERE aid = ";
    const prepared = await cost(client, (on, aid) =>
      on.query({ name: "P0_1", text: `${sql}$1`, values: [aid] }),
    );
    expect(prepared).toBeLessThanOrEqual(MAX_BYTES_A_STATEMENT);
    const unnamed = await cost(client, (on, aid) => on.query(`${sql}$1`, [aid]));
    expect(unnamed).toBeLessThanOrEqual(MAX_BYTES_A_STATEMENT);
    const simple = await cost(client, (on, aid) => on.query(`${sql}${100_000 + aid};`));
    expect(simple).toBeLessThanOrEqual(MAX_BYTES_A_STATEMENT);
  },
);

test("every execution still tells its values", () => {
  const values = ofType("act.intent").flatMap((line) => {
    const { detail } = JSON.parse(line) as {
      readonly detail: { readonly act: { readonly parameters?: unknown[] } };
    };
    return detail.act.parameters ?? [];
  });
  expect(new Set(values).size).toBe(200);
});
