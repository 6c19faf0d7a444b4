// tier: full
// What ORMs print and PostgreSQL's manual shows: which of it a grant of every table refuses, beside a direct connection.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { createJudging } from "../relay/judging.ts";
import { scopeSchema } from "../scope.ts";
import { createFakeGate } from "../testing/fake-gate.ts";
import { pgClient } from "../testing/pg-client.ts";
import { targetOf } from "../testing/target.ts";
import { type Listening, listenWire, makeCertificate, type TestCertificate } from "../testing/wire.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../../../../../tests/corpus/${name}`, import.meta.url), "utf8");
const statements = read("postgres-everyday.sql")
  .replaceAll(/^--.*\n/gmu, "")
  .split(/;\n/u)
  .map((sql) => sql.trim())
  .filter((sql) => sql !== "");
const tables = ["customers", "products", "orders", "order_items", "employees", "events"];

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let direct: pg.Client;
const judging = createJudging();

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(read("postgres-everyday.schema.sql"));
  direct = new pg.Client({ connectionString: postgres.url() });
  await direct.connect();
});

afterAll(async () => {
  judging.stop();
  await direct.end();
  await postgres.stop();
  certificate.remove();
});

/** What came of a statement in a transaction that is rolled back: its rows' number, or its error. */
async function outcome(client: pg.Client, sql: string): Promise<string> {
  const isPrepared = /\$\d/u.test(sql) && !sql.startsWith("PREPARE");
  // Pipelined statements of the client's own would hide which of them failed.
  await client.query("BEGIN");
  try {
    const { rowCount } = await client.query(isPrepared ? `PREPARE everyday AS ${sql}` : sql);
    return `${rowCount} rows`;
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    return `${code} ${message}`;
  } finally {
    await client.query("ROLLBACK");
    if (isPrepared) await client.query("DEALLOCATE ALL");
  }
}

async function through<T>(scope: object, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const scopes = [{ name: "shop/everyday", scope: scopeSchema.parse(scope) }];
  const gate = createFakeGate({ target: targetOf(postgres), scopes, isGuarded: true });
  const wire: Listening = await listenWire(gate, certificate, { judging });
  const client = pgClient(wire, certificate);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
    wire.close();
  }
}

const whole = Object.fromEntries(tables.map((name) => [`public.${name}`, "all"]));
const part = {
  ...whole,
  "public.customers": ["id", "email", "name", "city", "active", "created_at", "settings"],
  "public.orders": "id customer_id status history total note version created_at updated_at closed_on".split(
    " ",
  ),
};
const kinds = ["select", "insert", "update", "delete", "copy_to", "copy_from"];

/** The refusals of one scope. */
async function refusals(scope: object): Promise<readonly string[]> {
  const refused: string[] = [];
  await through(scope, async (client) => {
    for (const sql of statements) {
      const [expected, came] = [await outcome(direct, sql), await outcome(client, sql)];
      expect(expected, sql).toMatch(/^(null|\d+) rows$/u);
      if (came === expected) continue;
      // It is the guard that refuses, and no other difference.
      expect(came, sql).toMatch(/^42501 /u);
      refused.push(`${came} | ${sql.slice(0, 120)}`);
    }
  });
  return refused;
}

/** What no list of tables says: sequences, locks, the server's own life, types and fields that are not listed. */
const beyondTables = [
  /^42501 function (?:nextval|currval|lastval|setseed|txid_current|pg_postmaster_start_time|pg_sleep) is not granted/u,
  /^42501 function (?:pg_advisory_xact_lock|pg_try_advisory_lock) is not granted/u,
  /^42501 LOCK TABLE is permitted IN ACCESS SHARE MODE only/u,
  /^42501 type address is not granted/u,
  /^42501 field city of a value could be a call of a function/u,
];
/** What touches all columns of a table, or a column that is not listed. */
const hiddenColumns = [
  /^42501 all columns of public\.(?:orders|customers) are not granted/u,
  /^42501 column (?:ship_to|ctid) of public\.orders is not granted/u,
  /^42501 update of column ship_to of public\.orders is not granted/u,
  /^42501 a NATURAL JOIN compares columns of public\.orders that may not be granted/u,
  /^42501 column agg could be one of public\.customers that is not granted/u,
];
/** Writes that do not find their rows by a key. */
const withoutKey = [
  /^42501 (?:update|delete) on public\.\w+ must select rows by id: WHERE id = value/u,
  /^42501 (?:MERGE into|ON CONFLICT DO UPDATE on) public\.\w+ must select rows by id/u,
  /^42501 row locks on public\.orders must find their rows by a key/u,
];

const others = (words: readonly string[], patterns: readonly RegExp[]): readonly string[] =>
  words.filter((each) => !patterns.some((pattern) => pattern.test(each)));

test("of everyday statements a grant of whole tables refuses what is about more than tables", async () => {
  expect(statements.length).toBeGreaterThan(270);
  const refused = await refusals({ statements: kinds, tables: whole });
  expect(others(refused, beyondTables)).toEqual([]);
  expect(refused.length).toBeLessThanOrEqual(11);
});

test("a grant of some columns refuses in addition what could touch another column", async () => {
  const refused = await refusals({ statements: kinds, tables: part });
  expect(others(refused, [...beyondTables, ...hiddenColumns])).toEqual([]);
  expect(refused.length).toBeLessThanOrEqual(42);
});

test("require_where refuses in addition what does not find its rows by a key", async () => {
  const refused = await refusals({ statements: kinds, tables: whole, require_where: true });
  expect(others(refused, [...beyondTables, ...withoutKey])).toEqual([]);
  expect(refused.length).toBeLessThanOrEqual(36);
});
