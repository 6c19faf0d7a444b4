// tier: gate
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { createOracle, type Oracle } from "../testing/oracle/oracle.ts";
import { type Figures, type Guard, realGuard, search, shrink, strictness } from "../testing/oracle/search.ts";
import type { ScopeName } from "../testing/oracle/stage.ts";
import { constructs } from "../testing/oracle/statements.ts";

/**
 * The guard resolves names by itself, and must come out where PostgreSQL does. Statements are made at random in which
 * the same few names are columns, aliases, functions and hidden columns; of each that the guard permits the database
 * says what it really reaches. `npm run fuzz -- columns` searches on, with other seeds.
 */
let server: EmbeddedPostgres;
let oracle: Oracle;
let guard: Guard;

beforeAll(async () => {
  server = await startPostgres();
  oracle = await createOracle(server.url());
  guard = await realGuard();
});

afterAll(async () => {
  await oracle.end();
  await server.stop();
});

/** Always the same statements, so that a run that fails fails again. */
const SEED = 20_260_101;
const PERMITTED = 20_000;

describe("what the guard permits", () => {
  let figures: Figures;

  beforeAll(async () => {
    figures = await search(oracle, guard, SEED, ({ permitted }) => permitted >= PERMITTED);
  }, 300_000);

  it("reaches nothing that is not granted, by the database's own account", async () => {
    const [first] = figures.escapes;
    expect(first === undefined ? [] : [await shrink(oracle, guard, first)], `seed ${SEED}`).toEqual([]);
    expect(figures.permitted).toBeGreaterThanOrEqual(PERMITTED);
    expect(figures.accepted).toBeGreaterThan(PERMITTED / 3);
  });

  it.each(constructs)("has %s among it", (construct) => {
    expect(figures.constructs.get(construct) ?? 0).toBeGreaterThanOrEqual(15);
  });

  it("is most of what could be permitted", () => {
    expect(strictness(figures)).toBeLessThan(0.3);
  });
});

/** Statements that the guard once permitted, or that a weaker one would: with what each reaches. */
const known: readonly (readonly [sql: string, scope: ScopeName, reaches: string])[] = [
  ["SELECT ssn FROM shop.customers, (SELECT (ROW(1)).* AS ssn) d", "read", "read shop.customers 4"],
  ["SELECT column2 FROM shop.customers, (VALUES ((ROW()).*, 1)) d", "read", "read shop.customers 9"],
  [
    `WITH RECURSIVE x(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM x WHERE a < 3) CYCLE a SET ssn USING pin
     SELECT (SELECT ssn FROM (SELECT * FROM x) d LIMIT 1) FROM shop.customers`,
    "read",
    "read shop.customers 4",
  ],
  [
    `WITH RECURSIVE x(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM x WHERE a < 3) SEARCH DEPTH FIRST BY a SET ssn
     SELECT (SELECT ssn FROM (TABLE x) d LIMIT 1) FROM shop.customers`,
    "read",
    "read shop.customers 4",
  ],
  [
    "SELECT (SELECT 1 AS ssn UNION ALL SELECT 2 LIMIT ssn::int) FROM shop.customers",
    "read",
    "read shop.customers 4",
  ],
  [
    "SELECT (SELECT 1 AS pin UNION SELECT 2 OFFSET (SELECT pin::int)) FROM shop.customers",
    "read",
    "read shop.customers 5",
  ],
  ["SELECT * FROM shop.customers", "read", "read shop.customers 4"],
  ["SELECT to_jsonb(z) FROM shop.customers z", "read", "read shop.customers 0"],
  ["SELECT count(z.*) FROM shop.customers z", "read", "read shop.customers 0"],
  ["SELECT id FROM public.secrets", "read", "depends secrets 1"],
  ["SELECT kind FROM shop.jobs UNION SELECT 'public.secrets'", "read", "table secrets"],
  ["SELECT coalesce(kind, 'public.secrets') FROM shop.jobs", "read", "table secrets"],
  ["UPDATE shop.jobs SET kind = 'public.secrets'", "write", "table secrets"],
  ["SELECT (1).value", "read", "function value(integer)"],
  ["SELECT (id).f1 FROM shop.orders", "read", "function f1(integer)"],
  ["SELECT o.danger2 FROM shop.orders o", "read", "function danger2(anyelement)"],
  ["SELECT upper(id) FROM shop.orders", "read", "function upper(integer)"],
  ["SELECT id || note FROM shop.orders", "read", "operator ||(integer,text)"],
  [
    "UPDATE shop.customers SET name = 'x' FROM (SELECT (ROW(1)).* AS pin) d RETURNING pin",
    "update",
    "read shop.customers 5",
  ],
  ["UPDATE shop.customers SET email = 'x'", "write", "update shop.customers 3"],
  ["INSERT INTO shop.customers (id, ssn) VALUES (1, 'x')", "write", "insert shop.customers 4"],
  [
    "INSERT INTO shop.customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = customers.ssn",
    "write",
    "read shop.customers 4",
  ],
];

describe("the oracle", () => {
  it.each(known)("tells what %s reaches, and the guard refuses it", async (sql, scope, reaches) => {
    const [reached] = await oracle.ask([sql]);
    const escapes = oracle.escapes(reached ?? { ok: false }, scope);
    expect(escapes).toContain(reaches);
    expect(guard(sql, scope)).toBeUndefined();
  });

  it("finds a guard that looks at tables alone", async () => {
    const tablesAlone: Guard = (sql) => (sql.includes("secrets") ? undefined : sql);
    const { escapes } = await search(oracle, tablesAlone, SEED, ({ permitted }) => permitted >= 3000);
    const kinds = new Set(escapes.flatMap(({ reaches }) => reaches.map((thing) => thing.split(" ")[0])));
    expect([...kinds]).toEqual(expect.arrayContaining(["read", "function", "operator"]));
    const [first] = escapes;
    if (first === undefined) throw new Error("nothing was found");
    expect((await shrink(oracle, tablesAlone, first)).sql.length).toBeLessThanOrEqual(first.sql.length);
  });

  it("finds a guard that takes every AS for a name", async () => {
    // As it was once: PostgreSQL ignores AS behind an expanded row.
    const believing: Guard = (sql, scope) =>
      guard(sql.replaceAll(/\(ROW\([^()]*\)\)\.\* AS/gu, "1 AS"), scope) === undefined ? undefined : sql;
    const { escapes } = await search(
      oracle,
      believing,
      SEED,
      (figures) => figures.escapes.length > 0 || figures.permitted >= PERMITTED,
    );
    expect(escapes.length).toBeGreaterThan(0);
  }, 120_000);
});
