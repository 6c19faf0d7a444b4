// tier: gate
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { scopeSchema } from "../../scope.ts";
import { createFakeGate, type FakeGate, testGrant, testSecret } from "../../testing/fake-gate.ts";
import { listenWire, makeCertificate, type Listening, type TestCertificate } from "../../testing/wire.ts";
import { targetOf } from "../../testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
const wires: Listening[] = [];
const gates: FakeGate[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  const wide = Array.from({ length: 60 }, (_, n) => `c${n} text default repeat('w', 60)`).join(", ");
  await postgres.run(`
    create table customers (id int primary key, name text not null check (name <> 'bad'), ssn text, ${wide});
    insert into customers values (1, 'Ada', '078-05-1120');
    create table computed (id int primary key, name text, pin text, number int generated always as (pin::int) stored);
    insert into computed values (1, 'Ada', '77123');
    create function check_pin(text) returns boolean language plpgsql as
      $$ begin if $1 = '666' then raise exception 'pin is %', $1 using errcode = '22012'; end if; return true; end $$;
    create table checked (id int primary key, name text, pin text check (check_pin(pin || name)));
    insert into checked values (1, '', '66');
    create table watched (id int primary key, name text);
    insert into watched values (1, 'Ada');
    create table secrets (pin text);
    insert into secrets values ('x77123');
    create function watch() returns trigger language plpgsql as
      $$ begin
        raise notice 'pins: %', (select string_agg(pin, ',') from secrets);
        if new.name = 'plain' then return new; end if;
        if new.name = 'cast' then perform pin::int from secrets; end if;
        raise exception 'pins: %', (select string_agg(pin, ',') from secrets) using hint = 'x77123', errcode = new.name;
      end $$;
    create trigger watch before update on watched for each row execute function watch();
    create view seen as select 1 as id, 'Ada'::text as name from secrets where pin <> 'x99';
    create view cast_seen as select id, name from (select 1 as id, 'Ada'::text as name, pin from secrets offset 0) s where pin::int > 0;
    create table policed (id int, name text, pin text);
    create table plain (id int primary key, name text not null, n int);
    insert into plain values (1, 'Ada', 7)`);
});

afterAll(async () => {
  for (const wire of wires) wire.close();
  await postgres.stop();
  certificate.remove();
});

async function connect(tables: unknown, isGuarded = false): Promise<pg.Client> {
  const target = targetOf(postgres);
  const scope = scopeSchema.parse({ statements: ["select", "update", "insert"], tables });
  const gate = createFakeGate({ target, scopes: [{ name: "shop/x", scope }], isGuarded });
  gates.push(gate);
  const wire = await listenWire(gate, certificate);
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
  const unknown = await failure(client, "select sss from customers");
  expect(unknown.message).toBe('column "sss" does not exist');
  expect(unknown.hint).toBeUndefined();
  expect((await client.query("select id from customers")).rows).toEqual([{ id: 1 }]);
  await client.end();
});

/** Everything a client reads of a failure, and what the log holds of it. */
async function readOf(client: pg.Client, sql: string, values?: readonly unknown[]): Promise<string> {
  const notices: unknown[] = [];
  const listener = (notice: unknown): number => notices.push(notice);
  client.on("notice", listener);
  const error = await failure(client, sql, values);
  client.off("notice", listener);
  return JSON.stringify([error, error.message, notices, gates.at(-1)?.log]);
}

test.each([
  [
    "a generated column's cast",
    { "public.computed": { select: ["id", "name"], insert: ["id", "name", "pin"] } },
    "insert into computed (id, name, pin) select 2, name, 'x77123' from computed",
    "22P02",
  ],
  [
    "a unique key",
    { "public.customers": ["id", "name"] },
    "insert into customers (id, name) values (1, 'x77123')",
    "23505",
  ],
  [
    "a check's function, under a code that is usually plain",
    { "public.checked": ["id", "name"] },
    "update checked set name = '6' where id = 1",
    "22012",
  ],
  [
    "a trigger",
    { "public.watched": ["id", "name"] },
    "update watched set name = '57014' where id = 1",
    "57014",
  ],
  [
    "a cast in a trigger",
    { "public.watched": ["id", "name"] },
    "update watched set name = 'cast' where id = 1",
    "22P02",
  ],
  [
    "a trigger on a table that is granted whole",
    { "public.watched": "all" },
    "update watched set name = 'P0001' where id = 1",
    "P0001",
  ],
  ["a view that is granted whole", { "public.cast_seen": "all" }, "select * from cast_seen", "22P02"],
])("what is hidden is not quoted by %s", async (_, tables, sql, code) => {
  const client = await connect(tables);
  const read = await readOf(client, sql);
  expect(read).toContain(`"code":"${code}"`);
  expect(read.replaceAll(JSON.stringify(sql), "").replaceAll(sql, "")).not.toMatch(/77123|666|078-05/);
  expect(read).toContain("withheld");
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test("a trigger's notice that quotes what is hidden does not come down", async () => {
  const client = await connect({ "public.watched": "all" });
  const notices: unknown[] = [];
  client.on("notice", (notice) => notices.push(notice));
  await client.query("update watched set name = 'plain' where id = 1");
  expect(notices).toEqual([]);
  await client.query("begin; begin");
  expect(notices).toHaveLength(1);
  await client.end();
});

test("what a statement itself got wrong is still said, where something is hidden", async () => {
  const client = await connect({ "public.customers": ["id", "name"] });
  for (const [sql, message] of [
    ["selec 1", 'syntax error at or near "selec"'],
    ["select 1/0", "division by zero"],
    ["select 'abc'::int", 'invalid input syntax for type integer: "abc"'],
    ["select 2147483647 + 1", "integer out of range"],
    ["select nonsense(id) from customers", "function nonsense(integer) does not exist"],
  ] as const) {
    const error = await failure(client, sql);
    expect(error.message).toBe(message);
  }
  const bound = await failure(client, "select id from customers where id = $1", ["abc"]);
  expect(bound.message).toBe('invalid input syntax for type integer: "abc"');
  await client.end();
});

test("where plain tables are granted whole, the database's words go on unchanged", async () => {
  const client = await connect({ "public.plain": "all" });
  const error = await failure(client, "update plain set name = null where id = 1");
  expect(error).toMatchObject({ column: "name", detail: "Failing row contains (1, null, 7)." });
  expect((await failure(client, "select name::int from plain")).message).toContain('"Ada"');
  await client.end();
});

test.each([
  ["a view", { "public.seen": { select: "all", leaky_view: "accepted" } }, "explain select * from seen"],
  [
    "a view, by a cursor",
    { "public.seen": { select: "all", leaky_view: "accepted" } },
    "EXPLAIN declare c cursor for select * from seen",
  ],
  ["a generated column", { "public.computed": ["id", "name"] }, "explain select id from computed"],
  [
    "a view beside a plain table",
    { "public.plain": "all", "public.seen": { select: "all", leaky_view: "accepted" } },
    "explain select 1 from plain where exists (select from seen)",
  ],
])("a plan of %s is refused, as it would show what is hidden", async (_, tables, sql) => {
  const client = await connect(tables, true);
  for (const values of [undefined, []] as const)
    expect(await failure(client, sql, values)).toMatchObject({
      code: "42501",
      message: expect.stringContaining("a plan would show") as unknown,
    });
  expect(JSON.stringify(await failure(client, sql))).not.toMatch(/secrets|x99/);
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test.each([
  ["a plain table in part", { "public.plain": ["id"] }, "explain select id from plain"],
  ["no table", { "public.plain": "all" }, "explain (costs off) select 1"],
  [
    "a plain table beside a view",
    { "public.plain": "all", "public.seen": { select: "all", leaky_view: "accepted" } },
    "explain select * from plain",
  ],
])("a plan of %s is shown", async (_, tables, sql) => {
  const client = await connect(tables, true);
  expect((await client.query(sql)).rows.length).toBeGreaterThan(0);
  await client.end();
});
