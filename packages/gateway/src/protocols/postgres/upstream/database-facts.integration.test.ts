// tier: gate
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createDatabaseFacts } from "./database-facts.ts";
import type { DatabaseFacts } from "../guard/database.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { grantedBy } from "../guard/granted.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { scopeSchema } from "../scope.ts";
import { type Target, targetSchema } from "../target.ts";
import { stage } from "../testing/oracle/stage.ts";
import { stageFacts } from "../testing/oracle/oracle.ts";
import { connectUpstream } from "./connect.ts";

let server: EmbeddedPostgres;
const scope = scopeSchema.parse({
  statements: ["select", "insert", "update"],
  tables: { "public.t": "all" },
});
const scopes = [{ name: "shop/x", scope }];

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
});

afterAll(() => server.stop());

function targetOf(database: string, path = "public"): Target {
  const target = targetSchema.parse({
    host: server.host,
    port: server.port,
    database,
    user: server.user,
    password: { env: "UNUSED" },
    tls: "disable",
    search_path: [path],
  });
  target.password?.load(server.password);
  return target;
}

async function factsOf(
  database: string,
  setUp: string,
  path = "public",
  asked = scopes,
): Promise<DatabaseFacts> {
  await server.run(`CREATE DATABASE ${database}`);
  await server.run(setUp, database);
  const target = targetOf(database, path);
  const never = new AbortController().signal;
  const start = new Map([["search_path", `"${path}", pg_temp`]]);
  const { socket } = await connectUpstream(target, start, systemClock, never);
  try {
    return await createDatabaseFacts(systemClock)(socket, target, grantedBy(asked), never);
  } finally {
    socket.destroy();
  }
}

describe("what the database is found to have", () => {
  it("is what the oracle's stage was made with", async () => {
    const facts = await factsOf("staged", stage);
    expect(facts.rowFunctions).toEqual(stageFacts.rowFunctions);
    expect(facts.functions).toEqual(stageFacts.functions);
    expect(facts.operators).toEqual(stageFacts.operators);
    expect(facts.lookups).toEqual(stageFacts.lookups);
  });

  it("is nothing in a new database", async () => {
    expect(await factsOf("fresh", "SELECT 1")).toMatchObject({
      isUnknown: false,
      rowFunctions: new Set(),
      functions: new Set(),
      operators: new Set(),
      lookups: new Map(),
      enums: [],
    });
  });

  it("takes in defaults, domains, casts, arrays and rows, and leaves out what cannot be called so", async () => {
    const body = "RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$";
    const facts = await factsOf(
      "many",
      `CREATE SCHEMA other; CREATE TABLE t (id int, note text); CREATE TYPE pair AS (a int, b int);
       CREATE DOMAIN pairs AS pair; CREATE DOMAIN where_to AS regclass; CREATE TYPE holder AS (r regrole);
       CREATE FUNCTION one(t) ${body}; CREATE FUNCTION two(t, int DEFAULT 1) ${body}; CREATE FUNCTION three(t, int) ${body};
       CREATE FUNCTION note(t) ${body}; CREATE FUNCTION four(int) ${body}; CREATE FUNCTION five(pairs) ${body};
       CREATE FUNCTION six(VARIADIC "any") RETURNS int LANGUAGE internal AS 'pg_num_nulls';
       CREATE FUNCTION eight(VARIADIC anyarray) ${body}; CREATE FUNCTION nine(VARIADIC t[]) ${body};
       CREATE FUNCTION ten(VARIADIC int[]) ${body}; CREATE FUNCTION eleven(t, VARIADIC int[] DEFAULT '{}') ${body};
       CREATE FUNCTION other.seven(t) ${body}; CREATE FUNCTION lower(int) ${body};
       CREATE TABLE jobs (a regclass, b regproc[], c where_to, d holder, e text, f aclitem, g regconfig);`,
    );
    expect([...facts.rowFunctions].toSorted()).toEqual([
      "eight",
      "eleven",
      "five",
      "nine",
      "one",
      "six",
      "two",
    ]);
    expect([...facts.functions]).toEqual(["lower"]);
    expect([...(facts.lookups.get("public.jobs") ?? [])].toSorted()).toEqual(["a", "b", "c", "d", "f"]);
  });

  it("is asked for a scope of functions alone", async () => {
    const named = scopeSchema.parse({ statements: ["select"], functions: ["public.given"] });
    const some = [{ name: "shop/x", scope: named }];
    const facts = await factsOf(
      "functions_alone",
      "CREATE FUNCTION abs(text) RETURNS text LANGUAGE sql AS $$SELECT ''$$",
      "public",
      some,
    );
    expect(compileScopes(some)({ sql: "SELECT abs('x'::text)", database: facts }).kind).toBe("deny");
  });

  it("refuses a key that nobody lists where the table may lack it", async () => {
    const facts = await factsOf(
      "keyless",
      `CREATE TABLE t (key text, val text); CREATE TABLE people (id int, name text);
       CREATE FUNCTION id(t) RETURNS text LANGUAGE sql AS $$SELECT ''$$`,
    );
    const tables = { "public.t": { update: ["val"], delete: true }, "public.people": ["name"] };
    const writing = scopeSchema.parse({ statements: ["select", "update", "delete"], tables });
    const judge = compileScopes([{ name: "shop/x", scope: writing }]);
    const verdict = (sql: string): string => judge({ sql, database: facts }).kind;
    for (const sql of [
      "UPDATE t SET val = 'x' FROM people RETURNING id",
      "UPDATE t SET val = id::text FROM people",
      "DELETE FROM t USING people WHERE id = 1",
      "UPDATE t SET val = 'x' RETURNING t.id",
    ])
      expect([sql, verdict(sql)]).toEqual([sql, "deny"]);
    for (const sql of ["UPDATE t SET val = 'x' WHERE id = 1 RETURNING id", "DELETE FROM t WHERE id = 1"])
      expect([sql, verdict(sql)]).toEqual([sql, "permit"]);
  });

  it("refuses what depends on it, for that alone", async () => {
    const facts = await factsOf(
      "bites",
      `CREATE TABLE t (id int, note text, kind regclass); CREATE FUNCTION spy(t) RETURNS text LANGUAGE sql AS $$SELECT ''$$;
       CREATE FUNCTION upper(int) RETURNS text LANGUAGE sql AS $$SELECT ''$$;
       CREATE FUNCTION plus(int, text) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
       CREATE OPERATOR + (LEFTARG = int, RIGHTARG = text, FUNCTION = plus);`,
    );
    const judge = compileScopes(scopes);
    const both = (sql: string): readonly string[] => [
      judge({ sql }).kind,
      judge({ sql, database: facts }).kind,
    ];
    for (const sql of [
      "SELECT t.spy FROM t",
      "SELECT d.spy FROM (SELECT * FROM t) d",
      "SELECT upper(id) FROM t",
      "SELECT id + 1 FROM t",
      "SELECT id FROM t WHERE kind = 'pg_class'",
      "SELECT id FROM t WHERE kind IN ('pg_class')",
      "SELECT coalesce(kind, 'x') FROM t",
      "SELECT kind FROM t UNION SELECT 'x'",
      "SELECT (SELECT kind FROM t LIMIT 1) = 'x'",
      "SELECT 1 FROM (SELECT * FROM t) d(a, b, c) WHERE c = 'x'",
      "SELECT jsonb_populate_record(t, '{}') FROM t",
      "INSERT INTO t (kind) VALUES ('x')",
      "INSERT INTO t VALUES (1, 'x', 'y')",
      "UPDATE t SET kind = 'x'",
    ])
      expect([sql, ...both(sql)]).toEqual([sql, "permit", "deny"]);
    for (const sql of [
      "SELECT t.note, t.id FROM t",
      "SELECT pg_catalog.upper(note), id OPERATOR(pg_catalog.+) 1 FROM t",
      "SELECT id, kind FROM t",
      "SELECT * FROM t",
      "SELECT kind::text FROM t WHERE kind IS NOT NULL",
      "SELECT a.id FROM t a JOIN t b ON a.kind = b.kind",
      "INSERT INTO t (id, note) VALUES (1, 'x')",
    ])
      expect([sql, ...both(sql)]).toEqual([sql, "permit", "permit"]);
  });

  it("permits what the scope lists", () => {
    const facts: DatabaseFacts = {
      ...stageFacts,
      rowFunctions: new Set(["spy"]),
      functions: new Set(["upper"]),
    };
    const listing = scopeSchema.parse({ ...scope, functions: ["public.spy", "public.upper"] });
    const judge = compileScopes([{ name: "shop/x", scope: listing }]);
    for (const sql of ["SELECT t.spy FROM t", "SELECT upper(id) FROM t"])
      expect(judge({ sql, database: facts }).kind, sql).toBe("permit");
  });

  it("refuses every name when the database does not answer", async () => {
    const target = targetOf("postgres");
    const never = new AbortController().signal;
    const { socket } = await connectUpstream(target, new Map(), systemClock, never);
    socket.destroy();
    const facts = await createDatabaseFacts(systemClock)(socket, target, grantedBy(scopes), never);
    const judge = compileScopes(scopes);
    expect(judge({ sql: "SELECT id FROM t", database: facts })).toMatchObject({
      kind: "deny",
      denial: { message: expect.stringContaining("did not say") as string },
    });
    expect(judge({ sql: "SELECT pg_catalog.now()", database: facts }).kind).toBe("deny");
    expect(judge({ sql: "BEGIN", database: facts }).kind).toBe("permit");
  });
});
