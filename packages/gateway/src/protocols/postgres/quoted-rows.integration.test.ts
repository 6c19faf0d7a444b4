import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "../../../../../tests/support/postgres.ts";
import { targetSchema } from "./target.ts";
import { createFakeGate, testGrant, testSecret } from "./testing/fake-gate.ts";
import { listenWire, makeCertificate, type Listening, type TestCertificate } from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
const wires: Listening[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  const wide = Array.from({ length: 60 }, (_, n) => `c${n} text default repeat('w', 60)`).join(", ");
  await postgres.run(`
    create table customers (id int primary key, name text not null check (name <> 'bad'), ssn text, ${wide});
    insert into customers values (1, 'Ada', '078-05-1120')`);
});

afterAll(async () => {
  for (const wire of wires) wire.close();
  await postgres.stop();
  certificate.remove();
});

async function connect(tables: unknown): Promise<pg.Client> {
  const target = targetSchema.parse({
    host: "127.0.0.1",
    port: postgres.port,
    database: "postgres",
    user: "postgres",
    password: { env: "UNUSED" },
    tls: "disable",
  });
  target.password?.load(postgres.password);
  const scope = { statements: ["select", "update"], tables };
  const wire = await listenWire(createFakeGate({ target, scopes: [{ name: "shop/x", scope }] }), certificate);
  wires.push(wire);
  const client = new pg.Client({
    host: "127.0.0.1",
    port: wire.port,
    user: testGrant,
    password: testSecret,
    database: "shop",
    ssl: false,
  });
  await client.connect();
  return client;
}

async function failure(
  client: pg.Client,
  sql: string,
  values?: readonly unknown[],
): Promise<pg.DatabaseError> {
  return client.query(sql, values as unknown[]).then(
    () => {
      throw new Error("it did not fail");
    },
    (error: pg.DatabaseError) => error,
  );
}

test("a violated constraint does not quote the row where only some columns are granted", async () => {
  const client = await connect({ "public.customers": ["id", "name"] });
  for (const [value, code] of [
    [null, "23502"],
    ["bad", "23514"],
  ]) {
    const error = await failure(client, "update customers set name = $1 where id = 1", [value]);
    expect(error).toMatchObject({ code, table: "customers" });
    expect(error.detail).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain("078-05");
  }
  expect((await failure(client, "update customers set name = null where id = 1")).detail).toBeUndefined();
  expect((await failure(client, "select sss from customers")).hint).toBeUndefined();
  expect((await client.query("select id from customers")).rows).toEqual([{ id: 1 }]);
  await client.end();
});

test("where the table is granted whole, the database's words go on unchanged", async () => {
  const client = await connect({ "public.customers": "all" });
  const error = await failure(client, "update customers set name = null where id = 1");
  expect(error.detail).toContain("Failing row contains (1, null, 078-05-1120");
  await client.end();
});
