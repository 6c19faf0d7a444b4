// tier: full
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import pg from "pg";
import postgresJs from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dialTls,
  errorOf,
  frames,
  type RawClient,
} from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// Real clients through the real gate and the real guard.

let world: World;
let token: string;
let reading: Access;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text
        .replace(
          "    operations:\n",
          "    operations:\n      fill-basket:\n        statements: [select, insert, copy_from, copy_to]\n        tables: { public.basket: all }\n",
        )
        .replace("operations: [read-orders]", "operations: [read-orders, fill-basket]"),
  });
  await world.postgres.run(
    "create table basket (id int primary key, note text, data bytea); grant select, insert on basket to mayfly",
    "shop",
  );
  token = await world.agentToken();
  reading = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
});
afterAll(() => world.stop());

function certificate(): string {
  return readFileSync(world.gateway.caFile, "utf8");
}

async function connected<Result>(
  access: Access,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: access.grant,
    password: access.secret,
    database: "orders-db",
    ssl: { ca: certificate(), servername: "localhost" },
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function raw(access: Access): Promise<RawClient> {
  const client = await dialTls(world.gateway.postgresPort, certificate(), ["postgresql"]);
  await client.logIn({ user: access.grant, database: "orders-db", secret: access.secret });
  return client;
}

test("read-only, the time-out and the search path cannot be changed by any path", async () => {
  await connected(reading, async (client) => {
    const settings = [
      "default_transaction_read_only",
      "transaction_read_only",
      "statement_timeout",
      "search_path",
    ];
    const now = async (): Promise<readonly unknown[]> => {
      const all: unknown[] = [];
      for (const name of settings) {
        const { rows } = await client.query<Record<string, string>>(`show ${name}`);
        all.push(rows[0]?.[name]);
      }
      return all;
    };
    const fixed = ["on", "on", "30s", '"public", pg_temp'];
    expect(await now()).toEqual(fixed);
    const attempts = [
      "set default_transaction_read_only to off",
      "set session default_transaction_read_only = false",
      "set local transaction_read_only to off",
      "set session characteristics as transaction read write",
      "begin read write",
      "begin; set transaction read write",
      "start transaction isolation level serializable, read write",
      "commit and chain; set transaction read write",
      "select set_config('transaction_read_only', 'off', false)",
      "select pg_catalog.set_config('statement_timeout', '0', false)",
      "set statement_timeout to 0",
      "set statement_timeout to '31s'",
      "set statement_timeout = '0.0001ms'",
      "set local statement_timeout = '1h'",
      "select set_config('transaction_timeout', '0', true)",
      "set client_connection_check_interval to 0",
      "select set_config('client_connection_check_interval', '0', false)",
      "set tcp_user_timeout to 0",
      "set tcp_keepalives_idle to 7200",
      "set search_path to pg_temp, public",
      "set search_path to public",
      "set schema 'pg_catalog'",
      "set role postgres",
      "set session authorization postgres",
    ];
    for (const attempt of attempts) {
      await expect(client.query(attempt), attempt).rejects.toMatchObject({ code: "42501" });
      await client.query("rollback");
      expect(await now(), attempt).toEqual(fixed);
    }
    // What goes back to the session's beginning goes back to what the gateway fixed.
    const resets = [
      "reset all",
      "discard all",
      "reset default_transaction_read_only",
      "reset search_path",
      "reset statement_timeout",
      "set local statement_timeout = default",
      "reset idle_in_transaction_session_timeout",
    ];
    for (const reset of resets) {
      await client.query(reset);
      expect(await now(), reset).toEqual(fixed);
    }
    for (const reset of ["reset all", "discard all", "reset statement_timeout"]) {
      await client.query("set statement_timeout = '2s'");
      await client.query(reset);
      expect(await now(), reset).toEqual(fixed);
    }
    // A time-out that the operation does not bound is the grant's again by the next statement.
    for (const name of ["transaction_timeout", "idle_in_transaction_session_timeout"]) {
      await client.query(`set ${name} = 0`);
      const { rows } = await client.query<Record<string, string>>(`show ${name}`);
      expect(rows[0]?.[name], name).not.toBe("0");
    }
  });
  const base = { ...reading.env };
  for (const options of [
    "-c default_transaction_read_only=off",
    "-c statement_timeout=0",
    "-c statement_timeout=31s",
    "-c search_path=public",
    "-c role=postgres",
  ]) {
    const { code, stderr } = await psql(world, { ...base, PGOPTIONS: options }, ["-c", "select 1"]);
    expect(code, options).toBe(2);
    expect(stderr).toContain("start-up parameter");
  }
  const shorter = await psql(world, { ...base, PGOPTIONS: "-c statement_timeout=2s -c timezone=UTC" }, [
    "-At",
    "-c",
    "show statement_timeout",
    "-c",
    "show timezone",
  ]);
  expect(shorter.stdout).toBe("2s\nUTC\n");
});

test("pg: pipelined denials keep their places; named statements, binary data, large values", async () => {
  const filling = await getAccess(world.gateway, token, "orders-db", ["fill-basket"]);
  await connected(filling, async (client) => {
    const data = Buffer.alloc(1_000_000, 0xff);
    const answers = await Promise.allSettled([
      client.query("insert into basket values ($1, $2, $3)", [1, "ünï\u{1F600}", data]),
      client.query("delete from basket"),
      client.query({ name: "one", text: "select id, note, data from basket where id = $1", values: [1] }),
      client.query("select * from payroll"),
      client.query({ name: "one", text: "select id, note, data from basket where id = $1", values: [1] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    const last = answers[4] as PromiseFulfilledResult<pg.QueryResult>;
    expect(last.value.rows).toEqual([{ id: 1, note: "ünï\u{1F600}", data }]);
  });
});

test("postgres.js: cursors, transactions with savepoints, and a denial inside of one", async () => {
  const sql = postgresJs({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: reading.grant,
    password: reading.secret,
    database: "orders-db",
    max: 1,
    fetch_types: false,
    ssl: { ca: certificate(), servername: "localhost" },
  });
  let read = 0;
  await sql`select id from orders order by id`.cursor(100, (rows) => {
    read += rows.length;
  });
  expect(read).toBe(400);
  const ids = await sql.begin(async (all) => {
    await expect(all.savepoint((inner) => inner`delete from orders`)).rejects.toMatchObject({
      code: "42501",
    });
    return all`select count(*)::int as all from orders`;
  });
  expect(ids[0]).toEqual({ all: 400 });
  await sql.end();
});

test("psql: COPY both ways, several statements in one text, cursors, PREPARE and EXECUTE", async () => {
  const filling = await getAccess(world.gateway, token, "orders-db", ["fill-basket"]);
  const script = [
    "copy basket (id, note) from stdin;",
    "10\tten",
    "11\televen",
    "\\.",
    "\\copy (select id, note from basket where id >= 10 order by id) to stdout",
    "select 1 \\; select 2;",
    "prepare p (int) as select note from basket where id = $1;",
    "execute p (11);",
    "deallocate p;",
    "begin;",
    "declare c cursor for select id from basket where id >= 10 order by id;",
    "fetch 1 from c;",
    "commit;",
    "copy basket from program 'id';",
    "copy basket to '/tmp/basket';",
    "select 'still here';",
  ];
  const { code, stdout, stderr } = await psql(world, filling.env, ["-At"], `${script.join("\n")}\n`);
  expect(code).toBe(0);
  expect(stdout).toContain(
    "10\tten\n11\televen\n1\n2\nPREPARE\neleven\nDEALLOCATE\nBEGIN\nDECLARE CURSOR\n10\nCOMMIT\n",
  );
  expect(stdout.trimEnd().endsWith("still here")).toBe(true);
  expect(stderr.match(/ERROR:/g)).toHaveLength(2);
});

test("psql: an interrupt cancels the query and nothing else", async () => {
  const long = "copy (select a.id from orders a, orders b, orders c) to stdout";
  const other = await raw(reading);
  other.send(
    frames.parse("", "select id from orders"),
    frames.bind("", ""),
    frames.execute("", 1),
    frames.flush,
  );
  const child = spawn("psql", ["-X", "-At", "-c", long], {
    env: { ...process.env, ...reading.env, PGSSLROOTCERT: world.gateway.caFile },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, error, interrupted] = ["", "", false];
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out = (out + text).slice(-1000);
    if (!interrupted) child.kill("SIGINT");
    interrupted = true;
  });
  // psql itself goes no further after an interrupt; that the query was cancelled, and only cancelled, its error says.
  expect(await ended).toBe(1);
  expect(error).toBe("Cancel request sent\nERROR:  canceling statement due to user request\n");
  expect(out.length).toBeGreaterThan(0);
  other.send(frames.sync);
  expect(await other.answers()).toBe("1 2 D s Z");
  other.send(frames.execute("", 1), frames.sync);
  expect(await other.answers()).toBe("E34000 Z");
  other.close();
});

test("a portal that SQL closed, and a cursor that SQL declared under its name, are what they are in the database", async () => {
  const client = await raw(reading);
  client.send(
    frames.query("begin"),
    frames.parse("s", "select 1 as portal"),
    frames.bind("p", "s"),
    frames.sync,
  );
  client.send(frames.query("close p"), frames.query("declare p cursor for select 2 as cursor"));
  client.send(frames.execute("p"), frames.sync);
  for (const expected of ["C Z", "1 2 Z", "C Z", "C Z", "D C Z"])
    expect(await client.answers()).toBe(expected);
  client.close();
});

test("every session of a grant is told of its end, whatever it was doing, and its locks are gone", async () => {
  const filling = await getAccess(world.gateway, token, "orders-db", ["fill-basket"]);
  const clients = await Promise.all(Array.from({ length: 30 }, () => raw(filling)));
  for (const [index, client] of clients.entries()) {
    if (index % 3 === 0) client.send(frames.query(`begin; insert into basket values (${1000 + index})`));
    if (index % 3 === 1) client.send(frames.query("copy basket (id) from stdin"));
    if (index % 3 === 2) client.send(frames.parse("s", "select 1"), frames.sync);
    await client.until(index % 3 === 1 ? "G" : "Z");
  }
  await call(world.gateway, token, "DELETE", `/v1/grants/${filling.grant}`);
  for (const client of clients) {
    client.send(frames.bind("", "s"), frames.execute(""), frames.sync);
    expect(errorOf((await client.until("never")).at(-1))).toMatchObject({ severity: "FATAL", code: "57P01" });
  }
  const admin = new pg.Client({ connectionString: world.postgres.url("shop") });
  await admin.connect();
  // Waits for every lock that a session might still hold.
  await admin.query(
    "begin; set local lock_timeout = '10s'; lock table basket in access exclusive mode; commit",
  );
  const { rows } = await admin.query("select count(*)::int as left from basket where id >= 1000");
  await admin.end();
  expect(rows).toEqual([{ left: 0 }]);
});
