// tier: full
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../kernel/clock.ts";
import { scopeSchema } from "./scope.ts";
import { createScoped, every, outcomes, type Scoped } from "./testing/scoped.ts";
import { targetOf } from "./testing/target.ts";
import { makeCertificate, type TestCertificate } from "./testing/wire.ts";
import { scopeFindings } from "./upstream/scope-findings.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  scoped = createScoped(target, certificate);
});
beforeEach(async () => {
  await postgres.run("DROP DATABASE IF EXISTS shop (FORCE)");
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(
    `CREATE SCHEMA shop; CREATE SCHEMA hr;
     CREATE TYPE shop.address AS (city text, zip text);
     CREATE TABLE shop.orders (id int, status text, home shop.address);
     INSERT INTO shop.orders VALUES (1, 'open', ('Ghent', '9000'));
     CREATE TABLE shop.payroll (id int, salary int); INSERT INTO shop.payroll VALUES (1, 5000);
     CREATE TABLE shop.staff (id int, name text, ssn text); INSERT INTO shop.staff VALUES (1, 'Ann', '123');
     CREATE VIEW shop.wages AS SELECT * FROM shop.payroll; CREATE VIEW shop.wages2 AS SELECT * FROM shop.wages;
     CREATE MATERIALIZED VIEW shop.people AS SELECT ssn FROM shop.staff;
     CREATE VIEW shop.ok AS SELECT id FROM shop.orders;
     CREATE TABLE shop.events (id int, at date) PARTITION BY RANGE (at);
     CREATE TABLE shop.events_1 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY LIST (id);
     CREATE TABLE shop.events_1_1 PARTITION OF shop.events_1 FOR VALUES IN (1);
     CREATE TABLE shop.payroll_old () INHERITS (shop.payroll); CREATE TABLE shop."a.b" (id int);
     CREATE EXTENSION pg_stat_statements SCHEMA shop; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
     CREATE FOREIGN TABLE shop.far (id int) SERVER s;
     CREATE FUNCTION shop.total() RETURNS int LANGUAGE sql AS 'SELECT 7'; CREATE FUNCTION shop.purge() RETURNS int LANGUAGE sql AS 'SELECT 8';
     CREATE FUNCTION shop.pair(OUT a int, OUT b text) LANGUAGE sql AS $$SELECT 1, 'x'$$;
     CREATE FUNCTION shop.mixed(int, OUT a int, OUT b int) LANGUAGE sql AS 'SELECT 1, 2';
     CREATE FUNCTION shop.mixed(OUT c int, OUT d int) LANGUAGE sql AS 'SELECT 1, 2';
     CREATE FUNCTION shop.named() RETURNS TABLE (n regclass) LANGUAGE sql AS $$SELECT 'shop.orders'::regclass$$;
     CREATE PROCEDURE shop.close_day() LANGUAGE sql AS 'SELECT 1'`,
    "shop",
  );
});
afterEach(() => scoped.close());
afterAll(async () => {
  await postgres.stop();
  certificate.remove();
});

const target = () => targetOf(postgres, { database: "shop", search_path: ["shop"] });

const under = async (scope: object): Promise<pg.Client> => (await scoped.under(scope)).client;

describe("a pattern of tables", () => {
  const scope = {
    tables: { "shop.*": "all", "shop.staff": ["id", "name"] },
    except: ["shop.payroll"],
  };

  it("covers what it matches, and nothing that is excepted or has an entry of its own", async () => {
    const client = await under(scope);
    const permitted = [
      "SELECT * FROM shop.orders",
      "SELECT id FROM shop.ok",
      "SELECT id FROM shop.events",
      "SELECT id, name FROM shop.staff",
    ];
    const refused = [
      "SELECT * FROM shop.payroll",
      "SELECT * FROM shop.staff",
      "SELECT ssn FROM shop.staff",
      // By another name: a view, a view of a view, a copy, a child.
      "SELECT * FROM shop.wages",
      "SELECT * FROM shop.wages2",
      "SELECT * FROM shop.people",
      "SELECT * FROM shop.payroll_old",
      // A partition, an extension's view, another server's table, a name with a dot.
      "SELECT * FROM shop.events_1_1",
      "SELECT * FROM shop.pg_stat_statements",
      "SELECT * FROM shop.far",
      'SELECT * FROM shop."a.b"',
      "SELECT * FROM hr.nothing",
    ];
    expect(await outcomes(client, [...permitted, ...refused])).toEqual({
      ...every(permitted, "ok"),
      ...every(refused, "42501"),
    });
  });

  it("covers a table that is made later from the next session on, and never one that is excepted", async () => {
    const before = await under({ ...scope, except: ["shop.payroll", "shop.secret_*"] });
    await postgres.run(
      "CREATE TABLE shop.later (id int); CREATE TABLE shop.secret_later (id int); CREATE VIEW shop.later_wages AS TABLE shop.payroll",
      "shop",
    );
    const statements = [
      "SELECT * FROM shop.later",
      "SELECT * FROM shop.secret_later",
      "TABLE shop.later_wages",
    ];
    expect(await outcomes(before, statements)).toEqual(every(statements, "42501"));
    const after = await under({ ...scope, except: ["shop.payroll", "shop.secret_*"] });
    expect(Object.values(await outcomes(after, statements))).toEqual(["ok", "42501", "42501"]);
  });

  it("does not follow a name: what is renamed to an excepted one is refused at the next session", async () => {
    await postgres.run(
      "ALTER TABLE shop.payroll RENAME TO pay; ALTER TABLE shop.orders RENAME TO payroll",
      "shop",
    );
    const client = await under(scope);
    expect(await outcomes(client, ["TABLE shop.payroll", "TABLE shop.orders"])).toEqual({
      "TABLE shop.payroll": "42501",
      "TABLE shop.orders": "42501",
    });
  });

  it("takes the entry of the longest pattern", async () => {
    const client = await under({ tables: { "shop.*": "all", "shop.st*": ["id"] } });
    expect(
      await outcomes(client, [
        "SELECT id FROM shop.staff",
        "SELECT ssn FROM shop.staff",
        "TABLE shop.orders",
      ]),
    ).toEqual({
      "SELECT id FROM shop.staff": "ok",
      "SELECT ssn FROM shop.staff": "42501",
      "TABLE shop.orders": "ok",
    });
  });

  it("is shown with what it matches now", async () => {
    const parsed = scopeSchema.parse({
      statements: ["select", "call"],
      ...scope,
      functions: ["shop.*"],
      procedures: ["shop.*"],
      except: ["shop.payroll", "shop.payrol_*"],
    });
    const never = new AbortController().signal;
    expect(await scopeFindings(target(), parsed, systemClock, never)).toEqual([
      { what: "tables: shop.*", names: ["shop.events", "shop.ok", "shop.orders"] },
      {
        what: "functions: shop.*",
        names: ["shop.mixed", "shop.named", "shop.pair", "shop.purge", "shop.total"],
      },
      { what: "procedures: shop.*", names: ["shop.close_day"] },
      { what: "except: shop.payroll", names: ["shop.payroll"] },
      { what: "except: shop.payrol_*", names: [] },
    ]);
  });
});

describe("a pattern of functions", () => {
  it("covers what it matches, without what is excepted and without an extension's", async () => {
    const client = await under({ functions: ["shop.*"], except: ["shop.purge"] });
    const permitted = ["SELECT shop.total()", "SELECT total()", "SELECT a FROM shop.pair() p"];
    const refused = [
      "SELECT shop.purge()",
      "SELECT purge()",
      "SELECT shop.pg_stat_statements_reset()",
      "CALL shop.close_day()",
    ];
    expect(await outcomes(client, [...permitted, ...refused])).toEqual({
      ...every(permitted, "ok"),
      ...every(refused, "42501"),
    });
  });
});

describe("partitions", () => {
  const statements = ["TABLE shop.events", "TABLE shop.events_1", "TABLE shop.events_1_1"];

  it("are covered where the table's entry says so, with that entry's columns", async () => {
    const whole = await under({ tables: { "shop.events": { select: "all", partitions: true } } });
    expect(await outcomes(whole, statements)).toEqual(every(statements, "ok"));
    const some = await under({
      tables: { "shop.events": { select: ["id"], partitions: true }, "shop.events_1": { select: "all" } },
    });
    expect(
      Object.values(
        await outcomes(some, [
          "SELECT id FROM shop.events_1_1",
          "SELECT at FROM shop.events_1_1",
          "TABLE shop.events_1",
        ]),
      ),
    ).toEqual(["ok", "42501", "ok"]);
  });

  it("are not covered otherwise, nor where they are excepted", async () => {
    const plain = await under({ tables: { "shop.events": "all" } });
    expect(Object.values(await outcomes(plain, statements))).toEqual(["ok", "42501", "42501"]);
    const excepted = await under({
      tables: { "shop.e*": { select: "all", partitions: true } },
      except: ["shop.events_1_*"],
    });
    expect(Object.values(await outcomes(excepted, statements))).toEqual(["ok", "ok", "42501"]);
  });
});

describe("fields and columns that the database tells", () => {
  it("are those of a granted column", async () => {
    const client = await under({ tables: { "shop.orders": ["home"], "shop.staff": ["id"] } });
    const permitted = [
      "SELECT (home).city FROM shop.orders",
      "SELECT (o.home).zip FROM shop.orders o",
      "SELECT (shop.orders.home).city FROM shop.orders WHERE (home).zip = '9000'",
      "SELECT (o.home).city FROM shop.orders o JOIN shop.staff s ON s.id = 1",
    ];
    const refused = [
      "SELECT (home).ssn FROM shop.orders",
      "SELECT (home).pg_sleep FROM shop.orders",
      "SELECT (status).city FROM shop.orders",
      "SELECT (o.home).city FROM shop.staff o",
      "SELECT (o.home).city FROM (SELECT 1 AS home) o",
      "SELECT (home).city FROM shop.orders o (a, b, home)",
      "SELECT (o.home).city.x FROM shop.orders o",
    ];
    const found = await outcomes(client, [...permitted, ...refused]);
    expect(Object.fromEntries(permitted.map((sql) => [sql, found[sql]]))).toEqual(every(permitted, "ok"));
    for (const sql of refused) expect([sql, found[sql]]).not.toEqual([sql, "ok"]);
    const hidden = await under({ tables: { "shop.orders": ["id"] } });
    expect(await outcomes(hidden, ["SELECT (home).city FROM shop.orders"])).toEqual({
      "SELECT (home).city FROM shop.orders": "42501",
    });
  });

  it("are those of a granted function, where its overloads agree", async () => {
    const client = await under({ functions: ["shop.pair", "shop.mixed", "shop.total", "shop.named"] });
    const permitted = [
      "SELECT f.a, f.b FROM shop.pair() f",
      "SELECT pair.a FROM pair()",
      "SELECT (shop.pair()).b",
      "SELECT t.t FROM shop.total() t",
      "SELECT f.n FROM (SELECT * FROM shop.named()) f",
    ];
    const refused = [
      "SELECT f.pg_sleep FROM shop.pair() f",
      "SELECT f.a FROM shop.mixed(1) f",
      "SELECT (shop.pair()).c",
      "SELECT f.n = 'shop.payroll' FROM shop.named() f",
    ];
    expect(await outcomes(client, [...permitted, ...refused])).toEqual({
      ...every(permitted, "ok"),
      ...every(refused, "42501"),
    });
  });
});
