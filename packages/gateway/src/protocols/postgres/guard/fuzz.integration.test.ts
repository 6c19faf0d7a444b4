// tier: gate
import { readFileSync } from "node:fs";
import fc from "@mayfly/testing/fast-check.ts";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { corpusScope } from "../testing/guard-corpus.ts";
import { sentBy } from "../testing/sent.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { compileScopes } from "./verdicts.ts";

let server: EmbeddedPostgres;
let client: pg.Client;

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  const fixture = readFileSync(
    new URL("../../../../../../tests/corpus/postgres.sql", import.meta.url),
    "utf8",
  );
  client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(fixture.replaceAll(/CREATE EXTENSION[^;]*;/gu, ""));
});

afterAll(async () => {
  await client.end();
  await server.stop();
});

/** Names from a small pool, so that aliases, WITH queries, columns and tables collide as an attacker makes them. */
const name = fc.constantFrom("c", "orders", "customers", "ssn", "id", "name", "x", "payroll", "secrets");
const column = fc.constantFrom(
  "id",
  "name",
  "ssn",
  "email",
  "total",
  "note",
  "salary",
  "k",
  "x",
  "c",
  "column1",
);
const table = fc.constantFrom(
  "shop.orders",
  "shop.customers",
  "shop.payroll",
  "public.secrets",
  "orders",
  "customers",
  "secrets",
  "x",
  "c",
);

const { query } = fc.letrec<{ query: string; from: string; expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    column,
    fc.tuple(name, column).map(([a, b]) => `${a}.${b}`),
    name,
    fc.tuple(name).map(([a]) => `${a}.*`),
    fc.tuple(name, column).map(([a, b]) => `(${a}).${b}`),
    fc.tuple(name).map(([a]) => `to_jsonb(${a})`),
    tie("query").map((inner) => `(${inner} LIMIT 1)`),
    tie("query").map((inner) => `EXISTS (${inner})`),
    tie("expression").map((inner) => `coalesce(${inner}::text, '')`),
    tie("expression").map((inner) => `count(${inner})`),
  ),
  from: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    table,
    fc.tuple(table, name).map(([t, a]) => `${t} ${a}`),
    fc.tuple(table, name, column, column).map(([t, a, b, d]) => `${t} ${a}(${b}, ${d})`),
    fc.tuple(tie("query"), name).map(([q, a]) => `(${q}) ${a}`),
    fc.tuple(tie("query"), name).map(([q, a]) => `LATERAL (${q}) ${a}`),
    fc.tuple(tie("query"), name, column).map(([q, a, b]) => `(${q}) ${a}(${b})`),
    fc.tuple(tie("expression"), name).map(([e, a]) => `unnest(ARRAY[${e}]) ${a}`),
    fc.tuple(column, name).map(([b, a]) => `(VALUES (1)) ${a}(${b})`),
    fc.tuple(tie("from"), tie("from"), column).map(([a, b, d]) => `${a} JOIN ${b} USING (${d})`),
    fc.tuple(tie("from"), tie("from")).map(([a, b]) => `${a} NATURAL JOIN ${b}`),
    fc
      .tuple(tie("from"), tie("from"), tie("expression"))
      .map(([a, b, e]) => `${a} LEFT JOIN ${b} ON (${e}) IS NULL`),
    fc.tuple(tie("from"), tie("from"), name).map(([a, b, j]) => `(${a} CROSS JOIN ${b}) ${j}`),
  ),
  query: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.tuple(tie("expression"), tie("from")).map(([e, f]) => `SELECT ${e} FROM ${f}`),
    fc.tuple(tie("expression"), name, tie("from")).map(([e, a, f]) => `SELECT ${e} AS ${a} FROM ${f}`),
    tie("from").map((f) => `SELECT * FROM ${f}`),
    fc.tuple(column, tie("from"), tie("from")).map(([e, f, g]) => `SELECT ${e} FROM ${f}, ${g}`),
    fc.tuple(column, tie("from"), column).map(([e, f, o]) => `SELECT ${e} FROM ${f} ORDER BY ${o}`),
    fc.tuple(column, tie("from")).map(([g, f]) => `SELECT 1 AS ${g}, count(*) FROM ${f} GROUP BY ${g}`),
    fc
      .tuple(tie("expression"), tie("from"), tie("expression"))
      .map(([e, f, w]) => `SELECT ${e} FROM ${f} WHERE (${w}) IS NOT NULL`),
    fc.tuple(name, tie("query"), tie("query")).map(([n, q, r]) => `WITH ${n} AS (${q}) ${r}`),
    fc
      .tuple(name, column, tie("query"), tie("query"))
      .map(([n, b, q, r]) => `WITH ${n}(${b}) AS (${q}) ${r}`),
    fc.tuple(tie("query"), tie("query")).map(([q, r]) => `(${q}) UNION ALL (${r})`),
  ),
}));

/**
 * What a query reaches, by PostgreSQL's own account: a view over it depends on every table and column that it names,
 * however it names them (pg_depend).
 */
async function reached(sql: string): Promise<readonly string[] | undefined> {
  await client.query("BEGIN");
  try {
    await client.query("SET LOCAL search_path = public, pg_temp");
    await client.query(`CREATE VIEW public.probe AS SELECT 1 AS one WHERE EXISTS (${sql})`);
    const { rows } = await client.query<{ what: string }>(
      `SELECT DISTINCT d.refobjid::regclass::text || coalesce('.' || a.attname, '') AS what
       FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class = 'public.probe'::regclass
       LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid <> 0
       WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
         AND d.refobjid <> 'public.probe'::regclass`,
    );
    return rows.map(({ what }) => what);
  } catch {
    return undefined;
  } finally {
    await client.query("ROLLBACK");
  }
}

/** A whole row depends on no column in particular: there, what comes out tells. */
async function output(sql: string): Promise<string> {
  await client.query("BEGIN");
  try {
    await client.query("SET LOCAL search_path = public, pg_temp; SET LOCAL statement_timeout = 500");
    const { rows } = await client.query<{ row: string }>(`SELECT q::text AS row FROM (${sql}) q LIMIT 300`);
    return rows.map(({ row }) => row).join("\n");
  } catch {
    return "";
  } finally {
    await client.query("ROLLBACK");
  }
}
const hidden = /1000000\d\d|999999|hunter2/u;

it("permits no query that reaches a table or column out of scope", async () => {
  const judge = compileScopes([corpusScope("read")]);
  const within = /^shop\.(?:orders(?:\.\w+)?|customers(?:\.(?:id|name|email|update))?)$/u;
  let permitted = 0;
  let valid = 0;
  await fc.assert(
    fc.asyncProperty(query, async (sql) => {
      const sent = sentBy(judge({ sql }), sql);
      if (sent === undefined) return;
      permitted += 1;
      const found = await reached(sent);
      if (found === undefined) return;
      valid += 1;
      expect(
        found.filter((what) => !within.test(what)),
        sql,
      ).toEqual([]);
      expect(await output(sent), sql).not.toMatch(hidden);
    }),
    { numRuns: Number(process.env["MAYFLY_FUZZ_RUNS"] ?? 12_000) },
  );
  // Were nothing permitted, or nothing valid, this would have shown nothing.
  expect(permitted).toBeGreaterThan(100);
  expect(valid).toBeGreaterThan(50);
}, 300_000);
