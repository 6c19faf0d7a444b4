// tier: gate
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createDatabaseFacts, databaseQuestion } from "./database-facts.ts";
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

/** Operations that grant these tables whole. */
const granting = (...tables: readonly string[]): typeof scopes => [
  { name: "shop/x", scope: { ...scope, tables: Object.fromEntries(tables.map((table) => [table, "all"])) } },
];

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
});

afterAll(() => server.stop());

it("tells columns whose values are short wherever they are granted, and whether there are paths or polygons", async () => {
  const facts = await factsOf(
    "lengths",
    `CREATE TYPE mood AS ENUM ('good'); CREATE DOMAIN label AS varchar(10);
     CREATE TABLE t (id int, name varchar(255), code char(5), day daterange, mood mood, ip inet, bits bit(99), at timestamptz,
       note text, long varchar(256), any_length varchar, tags int[], data jsonb, label label, both_ways varchar(5), amount numeric, periods datemultirange);
     CREATE TABLE u (both_ways text, id bigint); CREATE TABLE v (note int, p path)`,
    granting("public.t", "public.u"),
  );
  expect([...facts.shortColumns].toSorted()).toEqual([
    "at",
    "bits",
    "code",
    "day",
    "id",
    "ip",
    "mood",
    "name",
  ]);
  expect([...facts.slowTypes]).toEqual([]);
  const others = await factsOf(
    "shapes",
    "CREATE TABLE v (note int, p polygon[], doc xml)",
    granting("public.v"),
  );
  expect([[...others.slowTypes], [...others.shortColumns]]).toEqual([["polygon", "xml"], ["note"]]);
});

function targetOf(database: string, path: readonly string[] = ["public"]): Target {
  const target = targetSchema.parse({
    host: server.host,
    port: server.port,
    database,
    user: server.user,
    password: { env: "UNUSED" },
    tls: "disable",
    search_path: path,
  });
  target.password?.load(server.password);
  return target;
}

async function factsOf(
  database: string,
  setUp: string,
  asked = scopes,
  path = ["public"],
): Promise<DatabaseFacts> {
  await server.run(`CREATE DATABASE ${database}`);
  await server.run(setUp, database);
  const target = targetOf(database, path);
  const never = new AbortController().signal;
  const start = new Map([["search_path", [...path, "pg_temp"].join(", ")]]);
  const { socket } = await connectUpstream(target, start, systemClock, never);
  try {
    return await createDatabaseFacts(systemClock)(socket, target, grantedBy(asked), never);
  } finally {
    socket.destroy();
  }
}

async function superuser(database = "postgres"): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  return client;
}

/** What the server answers its superuser. */
async function rowsOf(sql: string, database = "postgres"): Promise<readonly Record<string, unknown>[]> {
  const client = await superuser(database);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

interface Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Rows that a plan's steps looked at. */
const lookedAt = (plan: Plan): number =>
  (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"] +
  (plan.Plans ?? []).reduce((sum, part) => sum + lookedAt(part), 0);

describe("what the database is found to have", () => {
  it("is what the oracle's stage was made with", async () => {
    const facts = await factsOf("staged", stage, granting("shop.jobs"));
    expect(facts.rowFunctions).toEqual(stageFacts.rowFunctions);
    expect(facts.functions).toEqual(stageFacts.functions);
    expect(facts.operators).toEqual(stageFacts.operators);
    expect(facts.lookups).toEqual(stageFacts.lookups);
  });

  it("is nothing in a new database", async () => {
    expect(await factsOf("fresh", "SELECT 1")).toMatchObject({
      isUnknown: false,
      rowFunctions: new Map(),
      functions: new Map(),
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
       CREATE TYPE holders AS (h holder[]); CREATE TYPE roles AS RANGE (subtype = regrole, multirange_type_name = many_roles);
       CREATE TABLE jobs (a regclass, b regproc[], c where_to, d holder, e text, f aclitem, g regconfig, h holders, i roles,
         j many_roles[], k int4range, l name, m oidvector, n point);
       CREATE VIEW seen AS SELECT a AS shown, e FROM jobs; CREATE TABLE others (a regclass);`,
      granting("public.t", "public.jobs", "public.seen", "public.gone"),
    );
    expect([...facts.rowFunctions.keys()].toSorted()).toEqual([
      "eight",
      "eleven",
      "five",
      "nine",
      "one",
      "six",
      "two",
    ]);
    expect(facts.functions).toEqual(new Map([["lower", new Set(["public", "pg_catalog"])]]));
    const found = [...facts.lookups].map(
      ([table, columns]) => `${table}: ${[...columns].toSorted().join(" ")}`,
    );
    expect(found.toSorted()).toEqual(["public.jobs: a b c d f g h i j", "public.seen: shown"]);
  });

  it("is nothing of the views of information_schema, which a grant of the catalogue shows", async () => {
    const rows = await rowsOf(
      "SELECT relname FROM pg_class WHERE relnamespace = 'information_schema'::regnamespace AND relkind IN ('r', 'v')",
    );
    const names = rows.map(({ relname }) => `information_schema.${String(relname)}`);
    expect(names.length).toBeGreaterThan(50);
    expect((await factsOf("standard", "SELECT 1", granting(...names))).lookups).toEqual(new Map());
  });

  it("is asked by one of all sessions that start at once", async () => {
    const target = targetOf("postgres");
    const never = new AbortController().signal;
    const read = createDatabaseFacts(systemClock);
    const connected = await Promise.all(
      Array.from({ length: 6 }, () => connectUpstream(target, new Map(), systemClock, never)),
    );
    const asked = connected.map(({ socket }) => vi.spyOn(socket, "write"));
    const facts = await Promise.all(
      connected.map(({ socket }) => read(socket, target, grantedBy(scopes), never)),
    );
    for (const { socket } of connected) socket.destroy();
    expect(asked.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0, 0, 0, 0]);
    for (const each of facts) expect(each).toBe(facts[0]);
    expect(facts[0]?.isUnknown).toBe(false);
  });

  it("is asked again by those whose one goes away while it asks, or that wait no longer", async () => {
    const target = targetOf("postgres");
    const never = new AbortController().signal;
    const ends = new AbortController();
    const read = createDatabaseFacts(systemClock);
    const [first, second, third] = await Promise.all(
      Array.from({ length: 3 }, () => connectUpstream(target, new Map(), systemClock, never)),
    );
    if (first === undefined || second === undefined || third === undefined) throw new Error("no sockets");
    const facts = Promise.all([
      read(first.socket, target, grantedBy(scopes), never),
      read(second.socket, target, grantedBy(scopes), never),
      read(third.socket, target, grantedBy(scopes), ends.signal),
    ]);
    ends.abort();
    first.socket.destroy();
    const [gone, again, ended] = await facts;
    expect([gone, again, ended].map(({ isUnknown }) => isUnknown)).toEqual([true, false, true]);
    expect(third.socket.destroyed).toBe(true);
    second.socket.destroy();
  });

  it("is answered at once in a session whose own transactions wait for those of others", async () => {
    const writer = await superuser();
    await writer.query("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT txid_current()");
    const target = targetOf("postgres");
    const never = new AbortController().signal;
    const waiting = new Map([
      ["default_transaction_isolation", "serializable"],
      ["default_transaction_deferrable", "on"],
      ["default_transaction_read_only", "on"],
    ]);
    const { socket } = await connectUpstream(target, waiting, systemClock, never);
    const facts = await createDatabaseFacts(systemClock)(socket, target, grantedBy(scopes), never);
    expect(facts.isUnknown).toBe(false);
    socket.destroy();
    await writer.end();
  });

  it("takes no more looking with many other tables than with few", async () => {
    const work = async (database: string, tables: number): Promise<number> => {
      await server.run(`CREATE DATABASE ${database}`);
      await server.run(
        `CREATE TABLE t (id int, kind regclass);
         DO $$BEGIN FOR i IN 1..${tables} LOOP EXECUTE format('CREATE TABLE other_%s (id int, kind regclass, note text)', i); END LOOP; END$$;
         ANALYZE pg_catalog.pg_class; ANALYZE pg_catalog.pg_attribute; ANALYZE pg_catalog.pg_type`,
        database,
      );
      const [answer] = await rowsOf(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${databaseQuestion(grantedBy(scopes))}`,
        database,
      );
      const [{ Plan: plan }] = (answer as { "QUERY PLAN": [{ Plan: Plan }] })["QUERY PLAN"];
      return lookedAt(plan);
    };
    const [few, many] = [await work("few_tables", 10), await work("many_tables", 600)];
    expect(many - few).toBeLessThan(600);
  });

  it("is asked for a scope of functions alone", async () => {
    const named = scopeSchema.parse({ statements: ["select"], functions: ["public.given"] });
    const some = [{ name: "shop/x", scope: named }];
    const facts = await factsOf(
      "functions_alone",
      "CREATE FUNCTION abs(text) RETURNS text LANGUAGE sql AS $$SELECT ''$$",
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

  it("refuses what stands for an operator that the search path has too, for that alone", async () => {
    const own = (name: string): string =>
      `CREATE OPERATOR ${name} (LEFTARG = int, RIGHTARG = text, FUNCTION = told);`;
    const facts = await factsOf(
      "implied",
      `CREATE TABLE t (id int, note text);
       CREATE FUNCTION told(int, text) RETURNS bool LANGUAGE sql AS $$SELECT true$$; ${["=", "<", ">="].map(own).join("\n")}`,
    );
    const judge = compileScopes(scopes);
    for (const [sql, better] of [
      [
        "SELECT CASE id WHEN note THEN 1 END FROM t",
        "SELECT CASE WHEN id OPERATOR(pg_catalog.=) 1 THEN 1 END FROM t",
      ],
      [
        "SELECT id IN (SELECT note FROM t) FROM t",
        "SELECT id OPERATOR(pg_catalog.=) ANY (SELECT id FROM t) FROM t",
      ],
      ["SELECT id IN (1, 2) FROM t", "SELECT id OPERATOR(pg_catalog.=) ANY (ARRAY[1, 2]) FROM t"],
      ["SELECT id FROM t WHERE id BETWEEN note AND 3", "SELECT id FROM t WHERE id OPERATOR(pg_catalog.>=) 2"],
      [
        "SELECT id FROM t WHERE id NOT BETWEEN SYMMETRIC note AND 3",
        "SELECT id FROM t WHERE id OPERATOR(pg_catalog.<) 2",
      ],
      [
        "SELECT 1 FROM t a JOIN t b USING (id)",
        "SELECT 1 FROM t a JOIN t b ON a.id OPERATOR(pg_catalog.=) b.id",
      ],
      ["SELECT 1 FROM t a NATURAL JOIN t b", "SELECT 1 FROM t a, t b"],
      [
        "SELECT nullif(id, note), id IS DISTINCT FROM note FROM t",
        "SELECT id FROM t WHERE EXISTS (SELECT note FROM t)",
      ],
    ] as const) {
      expect([sql, judge({ sql }).kind]).toEqual([sql, "permit"]);
      expect(judge({ sql, database: facts }), sql).toMatchObject({
        kind: "deny",
        denial: { message: expect.stringContaining("could mean one of the search path") as string },
      });
      expect([better, judge({ sql: better, database: facts }).kind]).toEqual([better, "permit"]);
    }
  });

  it("refuses a bare name of functions in several schemas, unless the scope lists each", async () => {
    const body = "RETURNS int LANGUAGE sql AS $$SELECT 1$$";
    const path = ["public", "other"];
    const own = ["price", "only_here", "spy", "pg_sleep", "moved"].map((name) => `public.${name}`);
    const listing = scopeSchema.parse({
      ...scope,
      statements: ["select", "call"],
      functions: [...own, "pg_catalog.nextval"],
      procedures: ["public.tidy", "public.moved_away"],
    });
    const facts = await factsOf(
      "two_schemas",
      `CREATE TABLE t (id int, note text); CREATE SEQUENCE numbers; CREATE SCHEMA other;
       CREATE FUNCTION price(int) ${body}; CREATE FUNCTION other.price(text) ${body}; CREATE FUNCTION only_here(int) ${body};
       CREATE FUNCTION public.nextval(text) ${body}; CREATE FUNCTION other.current_setting(int) ${body};
       CREATE FUNCTION public.pg_sleep(text) ${body}; CREATE FUNCTION other.spy(t) ${body}; CREATE FUNCTION spy(int) ${body};
       CREATE FUNCTION other.moved() ${body}; CREATE PROCEDURE other.moved_away() LANGUAGE sql AS $$SELECT 1$$;
       CREATE PROCEDURE tidy(int) LANGUAGE sql AS $$SELECT 1$$; CREATE PROCEDURE other.tidy(text) LANGUAGE sql AS $$SELECT 1$$`,
      [{ name: "shop/x", scope: listing }],
      path,
    );
    const judge = compileScopes([{ name: "shop/x", scope: listing }], path);
    for (const [sql, better] of [
      ["SELECT price('x') FROM t", "SELECT public.price(id) FROM t"],
      ["SELECT nextval('numbers'::text)", "SELECT pg_catalog.nextval('numbers')"],
      ["SELECT current_setting(1)", "SELECT pg_catalog.current_setting('timezone')"],
      ["SELECT pg_sleep(100)", "SELECT public.pg_sleep('x')"],
      ["SELECT t.spy FROM t", "SELECT only_here(id) FROM t"],
      ["CALL tidy('x')", "CALL public.tidy(1)"],
      ["SELECT moved()", "SELECT only_here(1)"],
      ["CALL moved_away()", "CALL public.tidy(1)"],
    ] as const) {
      expect(judge({ sql, database: facts }), sql).toMatchObject({
        kind: "deny",
        denial: {
          message: expect.stringMatching(
            /could mean one of the search path|could call the function/,
          ) as string,
        },
      });
      expect([better, judge({ sql: better, database: facts })]).toMatchObject([better, { kind: "permit" }]);
    }
    const both = scopeSchema.parse({ ...listing, functions: ["public.price", "other.price"] });
    const sql = "SELECT price(id) FROM t";
    expect(compileScopes([{ name: "shop/x", scope: both }], path)({ sql, database: facts }).kind).toBe(
      "permit",
    );
  });

  it("permits what the scope lists", () => {
    const facts: DatabaseFacts = {
      ...stageFacts,
      rowFunctions: new Map([["spy", new Set(["public"])]]),
      functions: new Map([["upper", new Set(["public", "pg_catalog"])]]),
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
