// tier: full
import { readFileSync } from "node:fs";
import pg from "pg";
import postgresJs from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { connectMcp } from "@mayfly/testing/mcp.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// Masked columns as real clients read them, through the real gate and the real guard.

let world: World;
let access: Access;

const masked = `
      see-customers:
        description: Who the customers are, without what identifies them
        statements: [select]
        tables: { public.customers: [id, name, email, card_last4] }
        mask:
          public.customers.email: email
          public.customers.card_last4: { partial: { keep: last 2 } }
          public.customers.name: null
`;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text
        .replace("    operations:\n", `    operations:${masked}`)
        .replace("operations: [read-orders]", "operations: [read-orders, see-customers]"),
  });
  await world.postgres.run("GRANT SELECT ON customers TO mayfly", "shop");
  access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["see-customers"]);
});
afterAll(() => world.stop());

const sql = "select id, email, card_last4 as card, name from customers order by id limit 2";
const shown = [
  { id: 1, email: "***@example.com", card: "***37", name: null },
  { id: 2, email: "***@example.com", card: "***74", name: null },
];
const options = () => ({
  host: "127.0.0.1",
  port: world.gateway.postgresPort,
  user: access.grant,
  password: access.secret,
  database: "orders-db",
  ssl: { ca: readFileSync(world.gateway.caFile, "utf8"), servername: "localhost" },
});

test("psql shows them", async () => {
  const ran = await psql(world, access.env, ["-Atc", sql]);
  expect(ran.stderr).toBe("");
  expect(ran.stdout).toContain("1|***@example.com|***37|\n2|***@example.com|***74|\n");
  const refused = await psql(world, access.env, ["-c", "select id from customers where email like 'a%'"]);
  expect(refused.stderr).toContain("column email of public.customers is masked");
  expect(refused.stderr).toContain("select the column by itself");
});

test("node-postgres and Postgres.js read them, prepared and not, and with a cursor of the protocol's", async () => {
  const client = new pg.Client(options());
  await client.connect();
  try {
    expect((await client.query(sql)).rows).toEqual(shown);
    for (const _ of [1, 2])
      expect((await client.query({ name: "some", text: `${sql} offset $1`, values: [0] })).rows).toEqual(
        shown,
      );
    await expect(client.query("select max(email) from customers")).rejects.toMatchObject({ code: "42501" });
    expect((await client.query(sql)).rows).toEqual(shown);
  } finally {
    await client.end();
  }
  const { user, ...rest } = options();
  const postgres = postgresJs({ ...rest, username: user, max: 1 });
  try {
    for (const _ of [1, 2]) expect([...(await postgres.unsafe(sql, [], { prepare: true }))]).toEqual(shown);
    const pieces: unknown[] = [];
    for await (const rows of postgres.unsafe(sql).cursor(1)) pieces.push(...rows);
    expect(pieces).toEqual(shown);
  } finally {
    await postgres.end();
  }
});

test("run_sql shows them, the record names the columns and no value, and the operation tells of its masks", async () => {
  const agent = await connectMcp(world.gateway, await world.agentToken());
  try {
    const offered = await agent.use("list_operations", { connection: "orders-db" });
    expect(JSON.stringify(offered.data)).toContain(
      "masked: public.customers.email as ***@ and the address's domain",
    );
    const { data } = await agent.use("run_sql", {
      connection: "orders-db",
      sql,
      grant: access.grant,
    });
    expect(data["rows"]).toEqual(shown.map((row) => Object.values(row)));
  } finally {
    await agent.close();
  }
  const answer = await call(
    world.gateway,
    await world.personToken("ada@example.com"),
    "GET",
    `/v1/audit/records?grant=${access.grant}`,
  );
  const text = JSON.stringify(answer.body);
  expect(text).toContain(
    '"masked":["public.customers.card_last4","public.customers.email","public.customers.name"]',
  );
  expect(text).not.toContain("customer1@");
});
