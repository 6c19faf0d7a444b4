// `npm run bench -- log-in`: how long a log-in takes with many tables in the database, of which the grant names three. The
// first one asks the database what stands behind them, six at once ask together, and further ones have its answer.
import { parseArgs } from "node:util";
import pg from "pg";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import type { Access } from "@mayfly/testing/api.ts";
import { dial, frames } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { startBenchGateway } from "../gateway.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { loadNow } from "../measure/rounds.ts";
import { median } from "../median.ts";

const { values } = parseArgs({
  options: {
    tables: { type: "string", default: "100,1000,20000" },
    columns: { type: "string", default: "25" },
    rounds: { type: "string", default: "5" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("log-in", values));
const counts = values.tables.split(",").map(Number);
const columns = Number(values.columns);
const rounds = Number(values.rounds);
const AT_ONCE = 6;
/** Tables that are made in one transaction: each holds a lock until its end. */
const BATCH = 500;

const postgres = await startPostgres({ settings: { max_locks_per_transaction: "256" } });

/** A database as a company has it: so many tables, every tenth of them with partitions, an heir and a view of a view. */
async function makeDatabase(tables: number): Promise<string> {
  const database = `tables_${tables}`;
  await postgres.run(`create database ${database}`);
  const named = Array.from({ length: columns - 2 }, (_, at) => `c${at} text`).join(", ");
  await postgres.run(
    `create schema shop; create type mood as enum ('good', 'bad');
     create table shop.orders (id int primary key, mood mood, ${named});
     create table shop.customers (id int primary key, email text, ${named});
     create table shop.items (id int primary key, "order" int references shop.orders, ${named}) partition by range (id);
     create table shop.items_1 partition of shop.items for values from (0) to (1000);
     create extension if not exists citext`,
    database,
  );
  for (let from = 0; from < tables; from += BATCH)
    await postgres.run(
      `do $$begin for i in ${from}..${Math.min(from + BATCH, tables) - 1} loop
         execute format('create table other_%s (id int, kind regclass, ${named})', i);
         continue when i % 10 > 0;
         execute format('create table heir_%1$s (more citext) inherits (other_%1$s)', i);
         execute format('create table parts_%1$s (id int, kind regclass) partition by range (id)', i);
         execute format('create table part_%1$s partition of parts_%1$s for values from (0) to (1000)', i);
         execute format('create view seen_%1$s as select id, kind from other_%1$s', i);
         execute format('create view again_%1$s as select kind from seen_%1$s', i);
       end loop; end$$`,
      database,
    );
  await postgres.run("analyze", database);
  return database;
}

const databases = await Promise.all(counts.map(makeDatabase));
const tables = {
  "shop.orders": "all",
  "shop.items": "all",
  "shop.customers": ["id"],
};
// What a gateway knows of a database it keeps by connection: each round has one of its own.
const connectionOf = (database: string, round: number): string => `${database.replace("_", "-")}-${round}`;
const gateway = await startBenchGateway({
  postgres: "plain",
  environment: { BENCH_PASSWORD: postgres.password },
  connections: Object.fromEntries(
    databases.flatMap((database) =>
      Array.from({ length: 2 * rounds }, (_, round) => [
        connectionOf(database, round),
        {
          postgres: {
            host: postgres.host,
            port: postgres.port,
            database,
            user: postgres.user,
            password: { env: "BENCH_PASSWORD" },
            tls: "disable",
          },
          operations: { read: { description: "Read orders", statements: ["select"], tables } },
        },
      ]),
    ),
  ),
});

/** How long it takes from the connection to the first answer, milliseconds. */
async function through(access: Access, connection: string): Promise<number> {
  const began = performance.now();
  const client = await dial(gateway.postgresPort);
  await client.logIn({ user: access.grant, database: connection, secret: access.secret });
  client.send(frames.query("select count(*) from shop.orders"));
  const answers = await client.answers();
  const took = performance.now() - began;
  client.close();
  if (!answers.endsWith("D C Z")) throw new Error(`${connection} answered ${answers}`);
  return took;
}

async function direct(database: string): Promise<number> {
  const began = performance.now();
  const client = new pg.Client({ connectionString: postgres.url(database) });
  await client.connect();
  await client.query("select count(*) from shop.orders");
  const took = performance.now() - began;
  await client.end();
  return took;
}

try {
  const raw: Record<string, Record<"direct" | "first" | "six" | "further", number[]>> = {};
  for (const [at, database] of databases.entries()) {
    const runs: (typeof raw)[string] = { direct: [], first: [], six: [], further: [] };
    raw[String(counts[at])] = runs;
    for (let round = 0; round < rounds; round += 1) {
      const [one, other] = [connectionOf(database, round), connectionOf(database, rounds + round)];
      const access = await gateway.access(one);
      const others = await gateway.access(other);
      runs.direct.push(await direct(database));
      runs.first.push(await through(access, one));
      runs.further.push(await through(access, one));
      runs.six.push(
        Math.max(...(await Promise.all(Array.from({ length: AT_ONCE }, () => through(others, other))))),
      );
    }
  }
  console.log(tableHead(["tables", "direct", "first", "further", "the last of six at once"]));
  for (const [tables, { direct: plain, first, six, further }] of Object.entries(raw))
    console.log(
      tableRow([tables, ...[plain, first, further, six].map((times) => `${median(times).toFixed(0)} ms`)]),
    );
  writeResult(results, `${JSON.stringify({ columns, rounds, load: loadNow(), raw })}\n`);
} finally {
  await gateway.close();
  await postgres.stop();
}
