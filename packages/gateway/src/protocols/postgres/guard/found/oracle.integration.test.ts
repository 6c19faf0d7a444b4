// tier: gate
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../../kernel/clock.ts";
import { scopeSchema } from "../../scope.ts";
import { targetOf } from "../../testing/target.ts";
import { connectUpstream } from "../../upstream/connect.ts";
import { createDatabaseFacts } from "../../upstream/database-facts.ts";
import { createReadFound } from "../../upstream/found/read.ts";
import { withFound } from "../database.ts";
import { grantedBy } from "../granted.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";

/**
 * Fields of composite columns and columns of functions are where PostgreSQL may call a function instead. Every expression
 * here stands in every FROM clause; of each statement that the guard permits the database says, by the dependencies of a
 * view made of it, what it really reaches. There is a function for every name that a field or a column has.
 */
const traps = ["city", "zip", "danger", "a", "home", "x"];
const stage = `
CREATE SCHEMA shop; CREATE TYPE shop.address AS (city text, zip text);
CREATE TABLE shop.orders (id int, home shop.address, status text, danger text, a text);
CREATE TABLE shop.staff (id int, home shop.address, city text, o text, x text);
CREATE FUNCTION shop.pair(OUT a int, OUT home shop.address) LANGUAGE sql AS $$SELECT 1, NULL::shop.address$$;
CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE shop.line AS (id int, home shop.address, danger text);
CREATE FUNCTION shop.row() RETURNS shop.line LANGUAGE sql AS 'SELECT NULL::shop.line';
CREATE FUNCTION shop.mixed(OUT a int, OUT x int) LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION shop.mixed(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
${traps
  .flatMap((name) =>
    ["anyelement", "shop.address", "shop.orders", "shop.staff", "int", "record"].map(
      (type) =>
        `CREATE FUNCTION public.${name}(${type}) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'called'; END$$;`,
    ),
  )
  .join("\n")}`;

const froms = [
  "shop.orders",
  "shop.orders o",
  "shop.orders home",
  "shop.orders o, shop.staff s",
  "shop.staff o, shop.orders s",
  "shop.orders o JOIN shop.staff s ON true",
  "shop.orders o JOIN shop.orders p USING (id)",
  "(shop.orders o JOIN shop.staff s ON true) home",
  "(SELECT home FROM shop.orders) o",
  "(SELECT 1 AS home) o, shop.orders",
  "(SELECT 1 AS home) home, shop.orders o",
  "shop.orders o(id, x, home)",
  "shop.pair() o",
  "shop.pair() home",
  "shop.pair() o(home)",
  "shop.pair() WITH ORDINALITY o",
  "ROWS FROM (shop.pair(), shop.one()) o",
  "shop.one() o",
  "shop.one() home",
  "shop.row() o",
  "shop.row() home",
  "shop.mixed() o",
  "shop.mixed(1) o",
  "shop.orders o, LATERAL (SELECT (o.home).city) home",
] as const;
const bases = [
  "home",
  "o.home",
  "s.home",
  "p.home",
  "orders.home",
  "shop.orders.home",
  "o",
  "a",
  "shop.pair()",
  "shop.row()",
];
const expressions = [
  ...bases.flatMap((base) => traps.map((field) => `(${base}).${field}`)),
  ...["o", "home", "orders", "pair", "row"].flatMap((item) => traps.map((column) => `${item}.${column}`)),
  "(o.home).city.zip",
  "(o).home",
  "((o).home).city",
];
/** Where the expression stands: by itself, or a level further in, where other names come first. */
const places = [
  (from: string, what: string) => `SELECT ${what} AS out FROM ${from}`,
  (from: string, what: string) => `SELECT 1 AS out FROM ${from} ORDER BY ${what}`,
  (from: string, what: string) => `SELECT (SELECT ${what} FROM shop.staff q LIMIT 1) AS out FROM ${from}`,
  (from: string, what: string) =>
    `SELECT (SELECT ${what} FROM (SELECT 1 AS home) q LIMIT 1) AS out FROM ${from}`,
  (from: string, what: string) => `SELECT (SELECT ${what} FROM shop.pair() q LIMIT 1) AS out FROM ${from}`,
] as const;

const scopes = [
  {
    name: "shop/x",
    scope: scopeSchema.parse({
      statements: ["select"],
      tables: { "shop.orders": ["id", "home"], "shop.staff": ["id"] },
      functions: ["shop.pair", "shop.one", "shop.row", "shop.mixed"],
    }),
  },
];
const reachable =
  /^(?:column orders\.(?:id|home)|column staff\.id|column (?:address|line)\.\w+|function (?:pair|one|row|mixed))$/u;

let server: EmbeddedPostgres;
let client: pg.Client;

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  await server.run("CREATE DATABASE stage");
  client = new pg.Client({ connectionString: server.url("stage") });
  await client.connect();
  await client.query(stage);
});
afterAll(async () => {
  await client.end();
  await server.stop();
});

/** What a statement reaches, or undefined where the database does not take it. */
async function reached(sql: string): Promise<readonly string[] | undefined> {
  await client.query("BEGIN");
  try {
    await client.query(`CREATE VIEW public.tried AS ${sql}`);
    const { rows } = await client.query<{ what: string }>(
      `SELECT CASE WHEN p.oid IS NULL THEN 'column ' || c.relname || '.' || a.attname ELSE 'function ' || p.proname END AS what
       FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
         LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
         LEFT JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid AND c.oid <> r.ev_class
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
       WHERE r.ev_class = 'public.tried'::regclass AND (p.oid IS NOT NULL OR a.attname IS NOT NULL)`,
    );
    return rows.map(({ what }) => what);
  } catch {
    return undefined;
  } finally {
    await client.query("ROLLBACK");
  }
}

it("reaches nothing but what is granted, by the database's own account", async () => {
  const target = targetOf(server, { database: "stage" });
  const never = new AbortController().signal;
  const { socket } = await connectUpstream(target, new Map(), systemClock, never);
  const found = await createReadFound(systemClock)(socket, target, grantedBy(scopes), never);
  if (found === undefined) throw new Error("the server did not answer");
  const facts = await createDatabaseFacts(systemClock)(socket, target, grantedBy(scopes, found), never);
  socket.destroy();
  const judge = compileScopes(scopes);
  const database = withFound(facts, found);
  const escapes: string[] = [];
  let accepted = 0;
  for (const from of froms)
    for (const what of expressions)
      for (const place of places) {
        const sql = place(from, what);
        if (judge({ sql, database }).kind !== "permit") continue;
        const all = await reached(sql);
        accepted += all === undefined ? 0 : 1;
        const beyond = all?.filter((each) => !reachable.test(each)) ?? [];
        if (beyond.length > 0) escapes.push(`${sql}: ${beyond.join(", ")}`);
      }
  expect(escapes).toEqual([]);
  expect(accepted).toBeGreaterThan(100);
}, 120_000);
