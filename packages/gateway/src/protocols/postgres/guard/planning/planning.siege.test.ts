import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { scopeSchema } from "../../scope.ts";
import { plainDatabase } from "../database.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";

// The worst that each limit permits, on a real server, which is told to stop it after a tenth of a second.

let server: EmbeddedPostgres;
let client: pg.Client;
let backend: number;

const TIMEOUT_MS = 100;
const some = (count: number, part: (at: number) => string, between = ", "): string =>
  Array.from({ length: count }, (_, at) => part(at)).join(between);

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  await server.run(
    `CREATE TABLE t AS SELECT i AS id, i % 100 AS x, i AS y, repeat('a', CASE i WHEN 1 THEN 2000000 ELSE 1 END) AS note FROM generate_series(1, 1000) i;
     CREATE INDEX ON t (id); CREATE INDEX ON t (x); CREATE INDEX ON t (y);
     CREATE TABLE wide (${some(200, (at) => `c${at} int`)}); ANALYZE`,
  );
  client = new pg.Client({ connectionString: server.url("postgres") });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  backend = rows[0]?.pid ?? 0;
  await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
});

afterAll(async () => {
  await client.end();
  await server.stop();
});

const scope = scopeSchema.parse({
  statements: ["select"],
  tables: { "public.t": "all", "public.wide": "all" },
});
const judge = compileScopes([{ name: "shop/x", scope }]);
const isPermitted = (sql: string): boolean => judge({ sql, database: plainDatabase }).kind === "permit";

const around = (levels: number, outer: (inner: string, level: number) => string, inmost: string): string =>
  Array.from({ length: levels }).reduce<string>((inner, _, level) => outer(inner, level), inmost);

/** What is made larger until no more of it is permitted. */
const growing: readonly (readonly [string, (size: number) => string])[] = [
  [
    "columns that double",
    (size) => around(size, (inner, at) => `SELECT x + x AS x FROM (${inner}) s${at}`, "SELECT x FROM t"),
  ],
  [
    "queries that double",
    (size) =>
      `WITH c0 AS (SELECT 1 AS x), ${some(size, (at) => `c${at + 1} AS NOT MATERIALIZED (SELECT x FROM c${at} UNION ALL SELECT x FROM c${at})`)} SELECT max(x) FROM c${size}`,
  ],
  [
    "recursive ones that do not recur",
    (size) =>
      `WITH RECURSIVE c0 AS (SELECT x FROM t), ${some(size, (at) => `c${at + 1} AS (SELECT x + x AS x FROM c${at})`)} SELECT x FROM c${size}`,
  ],
  [
    "BETWEEN",
    (size) => `SELECT ${around(size, (inner) => `(${inner} BETWEEN SYMMETRIC 0 AND 1)::int`, "x")} FROM t`,
  ],
  [
    "IN",
    (size) => `SELECT ${around(3, (inner) => `(${inner} IN (${some(size, () => "y")}))::int`, "x")} FROM t`,
  ],
  [
    "IN a sub-select",
    (size) => `SELECT ${around(size, (inner) => `(${inner} IN (SELECT 1))::int`, "x")} FROM t`,
  ],
  [
    "arms of UNION ALL",
    (size) =>
      `SELECT 1 FROM (${some(size, () => "SELECT id, x FROM t", " UNION ALL ")}) s WHERE ${some(100, (at) => `s.id + ${at} = s.x`, " OR ")}`,
  ],
  [
    "merged columns",
    (size) =>
      `SELECT ARRAY[${some(500, () => "id")}] FROM t a ${some(size, (at) => `FULL JOIN t b${at} USING (id)`, " ")}`,
  ],
  ["ORs", (size) => `SELECT 1 FROM t WHERE ${some(size, (at) => `(id > ${at} OR x > ${at})`, " AND ")}`],
  [
    "ORs of a join",
    (size) =>
      `SELECT 1 FROM t a JOIN t b ON ${some(size, (at) => `(${some(50, (n) => `a.id = b.x + ${at * 50 + n}`, " OR ")})`, " AND ")}`,
  ],
  ["conditions", (size) => `SELECT 1 FROM t WHERE ${some(size, (at) => `x + ${at} = y + ${at}`, " AND ")}`],
  [
    "conditions in an OR",
    (size) =>
      `SELECT 1 FROM t WHERE (${some(size, (at) => `id <> ${at}`, " AND ")}) OR (${some(size, (at) => `x <> ${at}`, " AND ")})`,
  ],
  ["items", (size) => `SELECT 1 FROM ${some(size, (at) => `t a${at}`)}`],
  ["keys", (size) => `SELECT 1 FROM t GROUP BY ${some(size, (at) => `id + ${at}`)}`],
  [
    "items and their conditions",
    (size) =>
      `SELECT 1 FROM ${some(size, (at) => `t a${at}`)} WHERE ${some(size - 1, (at) => `a${at}.id = a${at + 1}.id`, " AND ")}`,
  ],
  [
    "NATURAL FULL JOINs",
    (size) => `SELECT 1 FROM wide a ${some(size, (at) => `NATURAL FULL JOIN wide b${at}`, " ")}`,
  ],
  ["sorted aggregates", (size) => `SELECT ${some(size, (at) => `count(DISTINCT id + ${at})`)} FROM t`],
  [
    "large sorted aggregates",
    (size) =>
      `SELECT ${some(size, (at) => `count(DISTINCT greatest(${some(60, () => "id")}) + ${at})`)} FROM t`,
  ],
  ["plain aggregates", (size) => `SELECT greatest(${some(size, (at) => `sum(id + ${at})`)}) FROM t`],
  [
    "functions in a row",
    (size) => `SELECT ${some(2, () => `num_nulls(${some(size, () => "reverse(note)")})`, " + ")} FROM t`,
  ],
];

/** The largest that is permitted. */
function largest(make: (size: number) => string): string {
  let [permitted, refused] = [0, 2];
  while (isPermitted(make(refused))) [permitted, refused] = [refused, refused * 2];
  while (refused - permitted > 1) {
    const middle = Math.floor((permitted + refused) / 2);
    if (isPermitted(make(middle))) permitted = middle;
    else refused = middle;
  }
  return make(permitted);
}

/** How much processor time the server's process has had, milliseconds: a busy machine changes it little. */
async function processorTime(): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${backend}/schedstat`, "utf8")).split(" ");
  return Number(nanoseconds) / 1e6;
}

test.each(growing)(
  "%s: the most that is permitted is over within two seconds of its cancelling",
  async (name, make) => {
    const sql = largest(make);
    const before = await processorTime();
    const code = await client.query({ text: sql, rowMode: "array" }).then(
      () => "done",
      (error: unknown) => (error as { code?: string }).code,
    );
    const took = (await processorTime()) - before;
    console.log(`${name}: ${sql.length} characters, ${took.toFixed(0)} ms, ${code}`);
    expect(["done", "57014"]).toContain(code);
    expect(took).toBeLessThan(TIMEOUT_MS + 2000);
  },
);
