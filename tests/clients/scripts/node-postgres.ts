import pg from "pg";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { main, step, tls } from "./steps.ts";

// Host, user, password and database are in PGHOST and its like, which pg reads itself.
const pool = new pg.Pool({ ...(tls === undefined ? {} : { ssl: tls }), max: 2 });
pool.on("error", () => undefined);

const rows = async (text: string, values: unknown[] = []): Promise<unknown> => {
  const result = await pool.query<Record<string, unknown>>(text, values);
  return [result.command, result.rowCount, result.rows];
};

async function withClient(use: (client: pg.PoolClient) => Promise<unknown>): Promise<unknown> {
  const client = await pool.connect();
  try {
    return await use(client);
  } finally {
    client.release();
  }
}

async function work(): Promise<void> {
  await step("simple", () => rows("select 1 as one, 'ünï' as text"));
  await step("parameters", () =>
    rows("select $1::int + 1 as n, $2::text as t, $3::numeric as d, $4::timestamptz as at, $5::jsonb as j", [
      1,
      "a'b",
      "1.50",
      new Date(0),
      { a: [1] },
    ]),
  );
  await step("all types", () => rows("select * from item order by id"));
  await step("named", async () => {
    const query = { name: "by-id", text: "select sku from item where id = any ($1)" };
    const both = [];
    for (const ids of [[1], [1, 2]]) both.push((await pool.query({ ...query, values: [ids] })).rows);
    return both;
  });
  await step("insert returning", () =>
    rows("insert into item (sku, price, tags, feeling, token) values ($1, $2, $3, $4, $5) returning *", [
      "cup",
      "3.10",
      ["a", 'b"c'],
      "ok",
      "6f1f4c1e-7a42-4d5e-9a53-0d8c5b1a2f11",
    ]),
  );
  await step("upsert", () =>
    rows(
      "insert into item (sku, price) values ('cup', 4) on conflict (sku) do update set price = excluded.price returning id, price",
    ),
  );
  await step("update returning", () =>
    rows("update item set price = price + 1 where sku = $1 returning price", ["cup"]),
  );
  await step("transaction, savepoint, rollback", () =>
    withClient(async (client) => {
      const all = [];
      await client.query("begin isolation level repeatable read");
      await client.query("insert into customer (email) values ('eve@example.com')");
      await client.query("savepoint one");
      all.push(await client.query("insert into customer (email) values ('eve@example.com')").catch(String));
      await client.query("rollback to savepoint one");
      all.push((await client.query("select email from customer order by id")).rows);
      await client.query("rollback");
      all.push((await client.query("select email from customer order by id")).rows);
      return all;
    }),
  );
  await step("unique violation", () => rows("insert into item (sku) values ('pan')"));
  await step("foreign key violation", () => rows("insert into item (sku, customer_id) values ('x', 99)"));
  await step("syntax error", () => rows("selec 1"));
  await step("unknown column", () => rows("select colour from item"));
  await step("division by zero", () => rows("select 1 / $1::int", [0]));
  await step("several statements", async () => {
    const results = (await pool.query("select 1 as a; select 2 as b")) as unknown as pg.QueryResult[];
    return results.map((result) => result.rows as unknown);
  });
  await step("cursor", () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor<{ id: number }>("select id, sku from item order by id"));
      const first = await cursor.read(2);
      const rest = await cursor.read(10);
      await cursor.close();
      return [first, rest];
    }),
  );
  await step("stream", () =>
    withClient(async (client) => {
      const all: unknown[] = [];
      for await (const row of client.query(
        new QueryStream("select id from item order by id", [], { batchSize: 1 }),
      ))
        all.push(row);
      return all;
    }),
  );
  await step("settings", () =>
    withClient(async (client) => {
      await client.query("set application_name to 'mine'; set timezone to 'Europe/Berlin'");
      const all = [
        (await client.query("show application_name")).rows,
        (await client.query("show timezone")).rows,
      ];
      await client.query("set timezone to 'UTC'");
      return all;
    }),
  );
  await step("reset", () =>
    withClient(async (client) => {
      const all = [];
      for (const text of ["RESET ALL", "DISCARD ALL", "select 1 as one"])
        all.push((await client.query(text)).command);
      return all;
    }),
  );
  await step("delete", () => rows("delete from item where sku = 'cup' returning sku"));
  await step("a table that is not granted", () => rows("select * from payroll"));
  await step("a table that does not exist", () => rows("select * from nowhere"));
}

await main(
  work,
  () => rows("select 1 as one"),
  () => pool.end(),
);
