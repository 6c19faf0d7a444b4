// tier: full
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { describeScope } from "./guard/words.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { scopeSchema } from "./scope.ts";
import { createScoped, every, outcomes, type Scoped } from "./testing/scoped.ts";
import { targetOf } from "./testing/target.ts";
import { makeCertificate, type TestCertificate } from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  scoped = createScoped(() => targetOf(postgres, { database: "shop" }), certificate);
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(
    `CREATE SCHEMA hr; CREATE SCHEMA "pgbench"; CREATE SCHEMA "a.b";
     CREATE TYPE public.state AS ENUM ('open', 'paid');
     CREATE TABLE public.orders (id int PRIMARY KEY, state public.state, note text); INSERT INTO public.orders VALUES (1, 'open', 'x');
     CREATE TABLE hr.payroll (id int PRIMARY KEY, salary int); INSERT INTO hr.payroll VALUES (1, 5000);
     CREATE TABLE pgbench.runs (id int); CREATE TABLE "a.b".hidden (id int);
     CREATE VIEW hr.wages AS SELECT salary FROM hr.payroll WHERE id = 1;
     CREATE TABLE public.events (id int, at date) PARTITION BY RANGE (at);
     CREATE TABLE public.events_1 PARTITION OF public.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
     CREATE MATERIALIZED VIEW hr.sums AS SELECT sum(salary) AS sum FROM hr.payroll;
     CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE public.far (id int) SERVER s;
     CREATE FUNCTION hr.total() RETURNS int LANGUAGE sql AS 'SELECT 7';
     CREATE SEQUENCE hr.numbers; CREATE PROCEDURE hr.close_day() LANGUAGE sql AS 'SELECT 1'`,
    "shop",
  );
});
afterEach(() => scoped.close());
afterAll(async () => {
  await postgres.stop();
  certificate.remove();
});

describe("an observed database", () => {
  it("lets whatever can be judged through, in every schema of its own", async () => {
    const { client } = await scoped.by(observedScope());
    const all = [
      "SELECT * FROM orders",
      "SELECT o.note, p.salary FROM public.orders o JOIN hr.payroll p USING (id) WHERE o.state = 'open'::state",
      "SELECT salary FROM hr.wages WHERE salary > 1",
      "SELECT id FROM pgbench.runs",
      "SELECT * FROM events_1",
      "SELECT hr.total()",
      "SELECT relname FROM pg_catalog.pg_class LIMIT 1",
      "SELECT table_name FROM information_schema.tables LIMIT 1",
      "INSERT INTO orders VALUES (2, 'paid', 'y')",
      "UPDATE hr.payroll SET salary = salary + 1",
      "DELETE FROM orders WHERE note = 'y'",
      "CALL hr.close_day()",
      "SELECT nextval('hr.numbers'), currval('hr.numbers'), lastval()",
      "INSERT INTO pgbench.runs VALUES (nextval('hr.numbers'))",
      "REFRESH MATERIALIZED VIEW hr.sums",
      "TRUNCATE pgbench.runs",
      "BEGIN",
      "ROLLBACK",
    ];
    expect(await outcomes(client, all)).toEqual(every(all, "ok"));
  });

  it("and nothing that no operation grants", async () => {
    const { client } = await scoped.by(observedScope());
    const none = [
      "CREATE TABLE hr.copy AS SELECT 1",
      "DROP TABLE orders",
      "ALTER TABLE orders ADD x int",
      "SET ROLE postgres",
      "DO $$BEGIN END$$",
      "SELECT pg_read_file('/etc/passwd')",
      "SELECT pg_sleep(1) FROM pg_authid",
      "SELECT rolpassword FROM pg_catalog.pg_authid",
      "COPY orders TO '/tmp/x'",
      "COPY orders TO PROGRAM 'cat'",
      "SELECT lo_import('/etc/passwd')",
      "SELECT setval('hr.numbers', 1)",
      "SELECT pg_advisory_lock(1)",
      "SELECT * FROM far",
      'SELECT * FROM "a.b".hidden',
      "CREATE TEMP TABLE t (id int)",
      "LISTEN x",
      "GRANT ALL ON orders TO public",
      "SELECT query_to_xml('select 1', true, true, '')",
    ];
    expect(await outcomes(client, none)).toEqual(every(none, "42501"));
  });
});

it("no file can write what it says", () => {
  for (const written of [
    { tables: { "*": "all" } },
    { tables: { "*.*": "all" } },
    { functions: ["*"] },
    { procedures: ["*"] },
  ])
    expect(scopeSchema.safeParse({ statements: ["select"], ...written }).success).toBe(false);
});

it("a reviewer reads what it is, and a comparison knows it as the wider one", () => {
  expect(describeScope(observedScope())[1]).toMatch(
    /^every table and view: select all columns; insert all columns;/,
  );
  expect(reachOf(observedScope()).permits).toContainEqual([
    "table",
    { begins: "", except: [] },
    { meets: [] },
    "select",
    { begins: "" },
  ]);
});
