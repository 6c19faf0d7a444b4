// tier: full
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { openInformation, openRelations } from "../names/catalogue.ts";
import { createJudging, type Judging } from "../../relay/judging.ts";
import { createScoped, outcomes, type Scoped } from "../../testing/scoped.ts";
import { targetOf } from "../../testing/target.ts";
import { makeCertificate, type TestCertificate } from "../../testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;
let judging: Judging;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  judging = createJudging();
  scoped = createScoped(() => targetOf(postgres), certificate, judging);
  // The value stands in no default: that is an expression of its parts.
  await postgres.run(
    `CREATE TABLE hidden (id int); INSERT INTO hidden SELECT generate_series(1, 500);
     ALTER TABLE hidden ADD secret text DEFAULT 'value ' || 'of a row'; ANALYZE hidden;
     CREATE SEQUENCE numbers; SELECT setval('numbers', 7777777); CREATE TABLE shown (id int);
     CREATE TABLE notes (id int PRIMARY KEY, is_hidden bool); INSERT INTO notes SELECT i, i = 7 FROM generate_series(1, 100) i; ANALYZE notes;
     CREATE VIEW barrier WITH (security_barrier) AS SELECT id FROM notes WHERE NOT is_hidden;
     CREATE VIEW open_one AS SELECT id FROM notes WHERE NOT is_hidden; CREATE VIEW all_of AS SELECT id FROM notes;
     CREATE VIEW first_of AS SELECT id FROM notes ORDER BY id LIMIT 3; CREATE VIEW counted AS SELECT count(*) AS id FROM notes;
     CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE VIEW of_guarded AS SELECT id FROM guarded`,
  );
});
afterEach(() => scoped.close());
afterAll(async () => {
  judging.stop();
  await postgres.stop();
  certificate.remove();
});

const value = /value of a row|7777777/u;

test("catalog: true shows names and structure, and no value of a row or of a sequence", async () => {
  const { client } = await scoped.under({ tables: { "public.shown": "all" }, catalog: true });
  const direct = new pg.Client({ connectionString: postgres.url("postgres") });
  await direct.connect();
  const found: string[] = [];
  for (const [schema, relations] of [
    ["pg_catalog", openRelations],
    ["information_schema", openInformation],
  ] as const)
    for (const name of relations) {
      const sql = `SELECT * FROM ${schema}.${name}`;
      const { rows } = await client.query<object>(sql);
      expect(JSON.stringify(rows), name).not.toMatch(value);
      const all = await direct.query<object>(sql);
      expect([name, Object.keys(rows[0] ?? {})]).toEqual([name, Object.keys(all.rows[0] ?? {})]);
      if (value.test(JSON.stringify(all.rows))) found.push(name);
    }
  await direct.end();
  expect(found).toEqual(["pg_attribute", "pg_sequences"]);
});

test("a plan that would tell of rows that are kept back may not", async () => {
  const tables = ["shown", "barrier", "all_of", "guarded", "of_guarded", "first_of", "counted"].map(
    (name) => [`public.${name}`, "all"],
  );
  const accepted = { "public.open_one": { select: "all", leaky_view: "accepted" } };
  const { client } = await scoped.under({
    tables: { ...Object.fromEntries(tables), ...accepted },
    catalog: true,
  });
  const direct = new pg.Client({ connectionString: postgres.url("postgres") });
  await direct.connect();
  await direct.query("SET enable_seqscan = off");
  const counted = async (id: number): Promise<string> =>
    JSON.stringify(
      (await direct.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT id FROM barrier WHERE id = ${id}`))
        .rows,
    );
  expect(
    [await counted(7), await counted(700)].map((plan) => plan.includes('Rows Removed by Filter: 1"')),
  ).toEqual([true, false]);
  await direct.end();
  await client.query("PREPARE of_barrier AS SELECT id FROM barrier");
  expect(
    await outcomes(client, [
      "EXPLAIN SELECT id FROM barrier WHERE id = 7",
      "EXPLAIN ANALYZE SELECT id FROM shown JOIN barrier USING (id)",
      "EXPLAIN SELECT id FROM guarded",
      "EXPLAIN SELECT id FROM of_guarded",
      "EXPLAIN SELECT id FROM first_of",
      "EXPLAIN SELECT id FROM counted",
      "EXPLAIN EXECUTE of_barrier",
      "EXPLAIN SELECT id FROM all_of",
      "EXPLAIN ANALYZE SELECT id FROM open_one",
      "EXPLAIN SELECT id FROM shown",
    ]),
  ).toEqual({
    "EXPLAIN SELECT id FROM barrier WHERE id = 7": "42501",
    "EXPLAIN ANALYZE SELECT id FROM shown JOIN barrier USING (id)": "42501",
    "EXPLAIN SELECT id FROM guarded": "42501",
    "EXPLAIN SELECT id FROM of_guarded": "42501",
    "EXPLAIN SELECT id FROM first_of": "42501",
    "EXPLAIN SELECT id FROM counted": "42501",
    "EXPLAIN EXECUTE of_barrier": "42501",
    "EXPLAIN SELECT id FROM all_of": "ok",
    "EXPLAIN ANALYZE SELECT id FROM open_one": "ok",
    "EXPLAIN SELECT id FROM shown": "ok",
  });
});

test("a plan of what leaves no row out may be asked for", async () => {
  const { client } = await scoped.under({ tables: { "public.shown": "all" }, catalog: true });
  const plan = await client.query<object>("EXPLAIN SELECT attname, attmissingval FROM pg_attribute");
  expect(JSON.stringify(plan.rows)).toContain("Seq Scan on pg_attribute");
});

test("what cannot be changed says how to write it, and asks for nothing that is granted", async () => {
  const { client } = await scoped.under({
    statements: ["select", "copy_to"],
    tables: { "public.shown": "all" },
    catalog: true,
  });
  for (const sql of ["TABLE pg_attribute", "SELECT * FROM ONLY pg_sequences", "SELECT * FROM pg_sequences *"])
    await expect(client.query(sql)).rejects.toMatchObject({
      message: expect.stringContaining("are shown without values"),
      hint: expect.stringMatching(/^write SELECT … FROM the relation, (?!.*catalog: true)/u),
    });
  await expect(client.query("COPY pg_class TO STDOUT")).rejects.toMatchObject({
    message: expect.stringContaining("COPY of pg_catalog.pg_class by its name"),
    hint: expect.stringContaining("COPY (SELECT …) TO STDOUT"),
  });
  expect((await client.query<object>("SELECT * FROM pg_sequences")).rows).toHaveLength(1);
});

test.each([
  ["SELECT attmissingval FROM pg_attribute WHERE atthasmissing", [{ attmissingval: null }]],
  ["SELECT last_value, increment_by FROM pg_sequences", [{ last_value: null, increment_by: "1" }]],
  ["SELECT max(attmissingval::text) AS a FROM pg_catalog.pg_attribute x", [{ a: null }]],
  [
    "SELECT to_jsonb(a) ->> 'attmissingval' AS a FROM pg_attribute AS a WHERE attname = 'secret'",
    [{ a: null }],
  ],
  ["SELECT count(*)::int AS a FROM pg_attribute a WHERE a::text ~ 'value of a'", [{ a: 0 }]],
  ["WITH w AS (SELECT * FROM pg_attribute) SELECT count(attmissingval)::int AS a FROM w", [{ a: 0 }]],
  [
    "SELECT count(*)::int AS a FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attmissingval IS NOT NULL",
    [{ a: 0 }],
  ],
])("%s", async (sql, rows) => {
  const { client } = await scoped.under({ tables: { "public.shown": "all" }, catalog: true });
  expect((await client.query<object>(sql)).rows).toEqual(rows);
});
