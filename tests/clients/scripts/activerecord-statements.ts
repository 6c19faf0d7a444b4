import pg from "pg";
import { main, place, step, tls } from "./steps.ts";

// What ActiveRecord 7 and 8 send, in the order in which they do: a Ruby is not needed to hold that they pass.

let held: pg.Client | undefined;

/** The connection that stands, or a new one. */
async function connection(): Promise<pg.Client> {
  if (held !== undefined) return held;
  const client = new pg.Client({ ...place, ...(tls === undefined ? {} : { ssl: tls }) });
  const gone = (): void => void (held = undefined);
  client.on("error", gone);
  client.on("end", gone);
  await client.connect();
  held = client;
  return client;
}

async function ask(text: string, values?: unknown[]): Promise<unknown> {
  const client = await connection();
  const result = (await client.query(text, values)) as pg.QueryResult | pg.QueryResult[];
  return Array.isArray(result) ? result.map(({ rows }) => rows as unknown) : result.rows;
}

const types = `SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid`;

const statements: readonly (readonly [string, string, unknown[]?])[] = [
  ["encoding", "SET client_encoding TO 'utf8'"],
  ["messages", "SET client_min_messages TO 'warning'"],
  ["version", "SHOW server_version_num"],
  ["strings", "SET standard_conforming_strings = on"],
  ["intervals", "SET intervalstyle = iso_8601"],
  ["time zone", "SET SESSION timezone TO 'UTC'"],
  ["identifier length", "SHOW max_identifier_length"],
  ["time zone shown", "SHOW TIME ZONE"],
  ["search path shown", "SELECT 1 FROM (SELECT current_schema()) s"],
  [
    "types by name",
    `${types}\nWHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'timestamp', 'timestamptz')`,
  ],
  ["types by kind", `${types}\nWHERE t.typtype IN ('r', 'e', 'd') AND t.typname = 'mood'`],
  [
    "types by input",
    `${types}\nWHERE t.typinput = 'array_in(cstring,oid,integer)'::regprocedure AND t.typname = '_mood'`,
  ],
  ["types by element", `${types}\nWHERE t.typelem IN (16, 21, 23) ORDER BY t.oid`],
  ["additional types", `${types}\nWHERE t.oid IN (23, 25) ORDER BY t.oid`],
  ["statement_timeout", "SET SESSION statement_timeout TO 5000"],
  ["reset", "RESET ALL"],
  ["BEGIN", "BEGIN ISOLATION LEVEL READ COMMITTED"],
  ["SAVEPOINT", "SAVEPOINT active_record_1"],
  [
    "insert",
    'INSERT INTO "customer" ("email", "name") VALUES ($1, $2) RETURNING "id"',
    ["eve@example.com", null],
  ],
  ["RELEASE", "RELEASE SAVEPOINT active_record_1"],
  ["lock", 'SELECT "customer".* FROM "customer" WHERE "customer"."id" = $1 LIMIT $2 FOR UPDATE', [1, 1]],
  ["exists", 'SELECT 1 AS one FROM "item" WHERE "item"."sku" = $1 LIMIT $2', ["pan", 1]],
  [
    "upsert_all",
    `INSERT INTO "item" ("sku","price") VALUES ('pan', 3) ON CONFLICT ("sku") DO UPDATE SET "price"=excluded."price" RETURNING "id"`,
  ],
  ["ROLLBACK", "ROLLBACK"],
  ["batches", 'SELECT "item".* FROM "item" WHERE "item"."id" > 0 ORDER BY "item"."id" ASC LIMIT 1000'],
  ["explain", 'EXPLAIN (COSTS off) SELECT "item"."id" FROM "item"'],
  ["deallocate", "DEALLOCATE ALL"],
  ["discard", "DISCARD ALL"],
  [
    "enums",
    "SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid ORDER BY 1, e.enumsortorder",
  ],
  [
    "data source exists",
    "SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'item' AND c.relkind IN ('r','v','m','p','f')",
  ],
  [
    "tables",
    "SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r','p')",
  ],
  [
    "columns",
    `SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid,
 a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated
FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
LEFT JOIN pg_type t ON a.atttypid = t.oid
LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
WHERE a.attrelid = '"item"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  ],
  [
    "primary keys",
    `SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index
 WHERE indrelid = '"item"'::regclass AND indisprimary) i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx`,
  ],
];

async function work(): Promise<void> {
  for (const [name, text, values] of statements) await step(name, () => ask(text, values));
}

await main(
  work,
  () => ask("SELECT 1"),
  async () => held?.end(),
);
