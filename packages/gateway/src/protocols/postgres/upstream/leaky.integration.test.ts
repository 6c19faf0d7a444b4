// tier: gate
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import type { DatabaseFacts } from "../guard/database.ts";
import { grantedBy } from "../guard/granted.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { type PostgresScope, scopeSchema } from "../scope.ts";
import { targetOf } from "../testing/target.ts";
import { connectUpstream } from "./connect.ts";
import { createDatabaseFacts, databaseQuestion } from "./database-facts.ts";

let server: EmbeddedPostgres;
let direct: pg.Client;

/** A condition that costs more than the statement's, so that the statement's runs first. */
const shown = "coalesce(length(md5(md5(body))) = 32 AND NOT hidden, false)";

const views: Readonly<Record<string, string>> = {
  filtered: `AS SELECT id, body FROM notes WHERE ${shown}`,
  through: "AS SELECT id, body FROM filtered",
  renamed: `AS SELECT n.id, n.body FROM (SELECT id, body FROM notes WHERE ${shown}) n`,
  joined: "AS SELECT n.id, n.body FROM notes n JOIN shown s ON md5(md5(s.id::text)) = md5(md5(n.id::text))",
  beside: "AS SELECT n.id, n.body FROM notes n, nobody",
  grouped: "AS SELECT id, max(body) AS body FROM notes GROUP BY id HAVING NOT bool_or(hidden)",
  intersected:
    "AS SELECT id, body FROM notes INTERSECT SELECT id, body FROM plain WHERE id IN (SELECT id FROM shown)",
  of_matview: "AS SELECT id, body FROM kept WHERE coalesce(length(md5(md5(body))) = 32 AND id < 3, false)",
  of_barrier:
    "AS SELECT id, body FROM barrier_whole WHERE coalesce(length(md5(md5(body))) = 32 AND id < 3, false)",
  unioned: `AS SELECT id, body FROM filtered UNION ALL SELECT id, body FROM shown_notes`,
  no_barrier: `WITH (security_barrier = off) AS SELECT id, body FROM notes WHERE ${shown}`,
  invoker: `WITH (security_invoker = on) AS SELECT id, body FROM notes WHERE ${shown}`,
  of_function: `AS SELECT id, body FROM every_note() WHERE ${shown}`,
  of_inlined: "AS SELECT id, body FROM visible()",
  of_value:
    "AS SELECT id FROM (SELECT one_id() AS id) x WHERE coalesce(length(md5(md5(id::text))) = 32 AND id < 3, false)",
  of_operator:
    "AS SELECT id FROM (SELECT 1 ==> 2 AS id) x WHERE coalesce(length(md5(md5(id::text))) = 32 AND id < 3, false)",
  of_aggregate:
    "AS SELECT id FROM (SELECT every_id(1) AS id) x WHERE coalesce(length(md5(md5(id::text))) = 32 AND id < 3, false)",
  of_window:
    "AS SELECT id FROM (SELECT every_id(1) OVER () AS id) x WHERE coalesce(length(md5(md5(id::text))) = 32 AND id < 3, false)",
  of_moving:
    "AS SELECT id FROM (SELECT moving_id(1) OVER (ROWS 1 PRECEDING) AS id) x WHERE coalesce(length(md5(md5(id::text))) = 32 AND id < 3, false)",
  of_catalogue: `AS SELECT CASE rolname WHEN 'secret' THEN 7 ELSE 1 END AS id FROM pg_authid WHERE coalesce(length(md5(md5(rolname))) = 32 AND rolname <> 'secret', false)`,
  of_server:
    "AS SELECT CASE name WHEN 'PG_VERSION' THEN 7 ELSE 1 END AS id FROM pg_ls_dir('.') name WHERE coalesce(length(md5(md5(name))) = 32 AND name <> 'PG_VERSION', false)",
  no_rows: "AS SELECT id, body, unnest(CASE WHEN hidden THEN '{}'::int[] ELSE '{1}' END) AS one FROM notes",
  plain: "AS SELECT id, body FROM notes",
  computed: "AS SELECT id, body || '!' AS body FROM plain",
  barrier: `WITH (security_barrier) AS SELECT id, body FROM notes WHERE ${shown}`,
  barrier_on: `WITH (security_barrier = 1) AS SELECT id, body FROM notes WHERE ${shown}`,
  barrier_whole: "WITH (security_barrier) AS SELECT id, body FROM notes",
  first: "AS SELECT id, body FROM notes ORDER BY id LIMIT 2",
  of_barriers: "AS SELECT id, body FROM barrier",
  of_granted:
    "AS SELECT id, body FROM shown_notes WHERE coalesce(length(md5(md5(body))) = 32 AND id < 3, false)",
};
/** Those that others read come first. */
const order = [...new Set(["plain", "filtered", "barrier", "barrier_whole", ...Object.keys(views)])];

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  await server.run(
    `CREATE TABLE notes (id int, body text, hidden bool); CREATE TABLE shown (id int); CREATE TABLE nobody ();
     INSERT INTO notes VALUES (1, 'one', false), (2, 'two', false), (7, 'secret', true); INSERT INTO shown VALUES (1), (2);
     CREATE TABLE shown_notes AS SELECT id, body FROM notes WHERE NOT hidden; CREATE MATERIALIZED VIEW kept AS SELECT * FROM notes;
     CREATE ROLE secret;
     CREATE FUNCTION every_note() RETURNS TABLE (id int, body text, hidden bool) LANGUAGE sql STABLE SECURITY DEFINER AS $$SELECT * FROM notes$$;
     CREATE FUNCTION one_id() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS $$SELECT max(id) FROM notes$$;
     CREATE FUNCTION one_id(int, int) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS $$SELECT max(id) FROM notes$$;
     CREATE OPERATOR ==> (FUNCTION = one_id, LEFTARG = int, RIGHTARG = int);
     CREATE AGGREGATE every_id (int) (SFUNC = one_id, STYPE = int, INITCOND = 0);
     CREATE AGGREGATE moving_id (int) (SFUNC = int4pl, STYPE = int, INITCOND = 0, MSFUNC = one_id, MINVFUNC = one_id, MSTYPE = int, MINITCOND = 0);
     CREATE FUNCTION visible() RETURNS SETOF notes LANGUAGE sql STABLE AS $$SELECT * FROM notes WHERE ${shown}$$;
     ${order.map((name) => `CREATE VIEW ${name} ${views[name] ?? ""};`).join("\n")}
     CREATE FUNCTION atomic() RETURNS TABLE (id int, body text) LANGUAGE sql STABLE BEGIN ATOMIC SELECT id, body FROM notes WHERE ${shown}; END;
     CREATE FUNCTION fenced() RETURNS SETOF notes LANGUAGE sql STABLE SET search_path = public AS $$SELECT * FROM notes WHERE ${shown}$$;
     CREATE FUNCTION definer() RETURNS SETOF notes LANGUAGE sql STABLE SECURITY DEFINER AS $$SELECT * FROM notes WHERE ${shown}$$;
     CREATE FUNCTION volatile() RETURNS SETOF notes LANGUAGE sql AS $$SELECT * FROM notes WHERE ${shown}$$;
     CREATE FUNCTION strict_one(int) RETURNS SETOF notes LANGUAGE sql STABLE STRICT AS $$SELECT * FROM notes WHERE ${shown}$$`,
  );
  direct = new pg.Client({ connectionString: server.url("postgres") });
  await direct.connect();
});

afterAll(async () => {
  await direct.end();
  await server.stop();
});

async function factsOf(...scopes: readonly PostgresScope[]): Promise<DatabaseFacts> {
  const never = new AbortController().signal;
  const target = targetOf(server);
  const start = new Map([["search_path", "public, pg_temp"]]);
  const { socket } = await connectUpstream(target, start, systemClock, never);
  try {
    const granted = grantedBy(scopes.map((scope, index) => ({ name: `shop/x${String(index)}`, scope })));
    return await createDatabaseFacts(systemClock)(socket, target, granted, never);
  } finally {
    socket.destroy();
  }
}

/** Whether a statement tells, by an error, of the row that is left out. */
async function tells(from: string): Promise<boolean> {
  const sql = `SELECT count(*) FROM ${from} WHERE 1 / (CASE WHEN id = 7 THEN 0 ELSE 1 END) = 1`;
  return direct.query(sql).then(
    () => false,
    (error: unknown) => (error as { code?: string }).code === "22012",
  );
}

const granting = (more: object): PostgresScope => scopeSchema.parse({ statements: ["select"], ...more });
const withViews = (more: object = {}, view: unknown = "all"): PostgresScope =>
  granting({ tables: { ...Object.fromEntries(order.map((name) => [`public.${name}`, view])), ...more } });

function verdict(scope: PostgresScope, database: DatabaseFacts, from: string) {
  return compileScopes([{ name: "shop/x", scope }])({ sql: `SELECT id FROM ${from}`, database });
}

test("a view that tells of rows that it leaves out is denied, and one that does not is not", async () => {
  const scope = withViews({ "public.shown_notes": "all", "public.barrier_whole": ["id"] });
  const facts = await factsOf(scope);
  const told = new Map<string, readonly [boolean, string]>();
  for (const name of order) told.set(name, [await tells(name), verdict(scope, facts, name).kind]);
  const fine = ["computed", "barrier", "barrier_on", "barrier_whole", "first", "of_barriers", "of_granted"];
  // The row is among those that they show, or it is not there at all.
  const shows: ReadonlySet<string> = new Set(["plain", "computed", "barrier_whole"]);
  for (const [name, [, kind]] of told)
    expect([name, kind]).toEqual([name, fine.includes(name) || name === "plain" ? "permit" : "deny"]);
  const leaking = [...told].filter(([name, [isTold]]) => isTold && !shows.has(name)).map(([name]) => name);
  expect(leaking).toEqual(
    expect.arrayContaining([
      "filtered",
      "through",
      "renamed",
      "no_barrier",
      "invoker",
      "grouped",
      "joined",
      "of_matview",
      "of_function",
      "of_inlined",
      "of_value",
      "of_operator",
      "of_aggregate",
      "of_window",
      "of_moving",
      "of_catalogue",
      "of_server",
      "no_rows",
    ]),
  );
  expect(leaking.filter((name) => fine.includes(name))).toEqual([]);
});

test("the denial says what mends it, and the owner's ALTER VIEW does", async () => {
  await direct.query(`CREATE VIEW "To mend" AS SELECT id, body FROM notes WHERE ${shown}`);
  const scope = granting({ tables: { "public.To mend": "all" } });
  const denied = verdict(scope, await factsOf(scope), '"To mend"');
  expect(denied).toMatchObject({
    kind: "deny",
    denial: {
      rule: "shop/x: tables",
      message:
        "a statement could learn of the rows that view public.To mend leaves out, since it is no security_barrier",
      remedy: "operator",
    },
  });
  const [mend] = /ALTER VIEW .*?\)/u.exec(denied.kind === "deny" ? denied.denial.hint : "") ?? [];
  await direct.query(mend ?? "");
  expect(await tells('"To mend"')).toBe(false);
  expect(verdict(scope, await factsOf(scope), '"To mend"').kind).toBe("permit");
});

test("every use of such a view is denied, a write too", async () => {
  const scope = granting({
    statements: ["select", "update", "delete", "copy_to", "insert"],
    tables: { "public.filtered": "all" },
  });
  const database = await factsOf(scope);
  const check = compileScopes([{ name: "shop/x", scope }]);
  for (const sql of [
    "UPDATE filtered SET body = '' WHERE 1 / id = 1",
    "DELETE FROM filtered WHERE 1 / id = 1",
    "COPY filtered TO STDOUT",
    "INSERT INTO filtered VALUES (1, '')",
    "TABLE filtered",
    "EXPLAIN SELECT FROM filtered",
  ])
    expect([sql, check({ sql }).kind, check({ sql, database }).kind]).toEqual([sql, "permit", "deny"]);
});

test("a view is used where what it reads is granted whole, by whichever operation, or the scope accepts it by name", async () => {
  const whole = withViews({ "public.notes": "all", "public.shown": "all", "public.nobody": "all" });
  expect(verdict(whole, await factsOf(whole), "filtered").kind).toBe("permit");
  const part = withViews({ "public.notes": ["id", "body"] });
  expect(verdict(part, await factsOf(part), "filtered").kind).toBe("deny");
  const written = withViews();
  const inserting = granting({ statements: ["insert"], tables: { "public.notes": "all" } });
  const both = await factsOf(written, inserting);
  expect([verdict(written, both, "filtered").kind, verdict(written, both, "notes").kind]).toEqual([
    "deny",
    "deny",
  ]);
  const accepted = withViews({ "public.filtered": { select: "all", leaky_view: "accepted" } });
  const database = await factsOf(accepted);
  expect(verdict(accepted, database, "filtered").kind).toBe("permit");
  expect(verdict(accepted, database, "through").kind).toBe("deny");
});

test("a function that is granted, or IMMUTABLE, and a partition of a table that is granted whole, hide nothing", async () => {
  await direct.query(
    `CREATE TABLE parts (id int, hidden bool) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
     CREATE VIEW of_part AS SELECT id FROM part WHERE NOT hidden;
     CREATE FUNCTION is_small(int) RETURNS bool IMMUTABLE RETURN $1 < 3; CREATE VIEW small AS SELECT id FROM shown WHERE is_small(id) AND pg_column_size(id) < 9;
     CREATE EXTENSION unaccent; CREATE VIEW plain_letters AS SELECT id FROM shown WHERE unaccent(id::text) = '1';
     CREATE VIEW nested AS SELECT s.id FROM (SELECT id FROM shown) s CROSS JOIN generate_series(1, 2) WHERE s.id > 1;
     CREATE AGGREGATE listed (anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray);
     CREATE VIEW lists AS SELECT listed(id) AS ids FROM shown GROUP BY id HAVING id > 1;
     ALTER TABLE part ENABLE ROW LEVEL SECURITY`,
  );
  const views = [
    "public.of_part",
    "public.small",
    "public.plain_letters",
    "public.nested",
    "public.lists",
    "public.of_function",
    "public.of_aggregate",
  ];
  const tables = Object.fromEntries(views.map((name) => [name, "all"]));
  const leaky = async (scope: object): Promise<readonly string[]> =>
    [...(await factsOf(granting(scope))).leakyViews].toSorted();
  expect(await leaky({ tables })).toEqual(views.toSorted());
  const more = { "public.parts": "all", "public.shown": "all" };
  expect(
    await leaky({ tables: { ...tables, ...more }, functions: ["public.every_note", "public.every_id"] }),
  ).toEqual([]);
  await direct.query("ALTER TABLE parts ENABLE ROW LEVEL SECURITY");
  expect(await leaky({ tables: { ...tables, ...more } })).toEqual([
    "public.of_aggregate",
    "public.of_function",
    "public.of_part",
  ]);
});

test("a table that has row security, or that is not the session's to read, is not granted whole", async () => {
  await server.run("CREATE DATABASE guarded");
  await server.run(
    `CREATE TABLE notes (id int, hidden bool); CREATE VIEW filtered AS SELECT id FROM notes WHERE NOT hidden;
     CREATE TABLE others (id int, hidden bool); CREATE VIEW theirs AS SELECT id FROM others WHERE NOT hidden;
     CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON notes, filtered, theirs TO reader`,
    "guarded",
  );
  const scope = granting({
    tables: {
      "public.notes": "all",
      "public.filtered": "all",
      "public.others": "all",
      "public.theirs": "all",
    },
  });
  const ask = async (): Promise<readonly string[]> => {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      database: "guarded",
      user: "reader",
      password: "reader",
    });
    await client.connect();
    try {
      const granted = grantedBy([{ name: "shop/x", scope }]);
      const { rows } = await client.query<{ name: string }>(
        `SELECT name FROM (${databaseQuestion(granted)}) f(kind, name, c, d, e) WHERE kind = 'leaky'`,
      );
      return rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };
  expect(await ask()).toEqual(["public.theirs"]);
  await server.run("ALTER TABLE notes ENABLE ROW LEVEL SECURITY", "guarded");
  expect((await ask()).toSorted()).toEqual(["public.filtered", "public.theirs"]);
});

test("a function whose query PostgreSQL puts into the statement tells the same, in FROM", async () => {
  const names = ["visible", "atomic", "fenced", "definer", "volatile", "strict_one"];
  const scope = granting({ functions: names.map((name) => `public.${name}`) });
  const database = await factsOf(scope);
  const check = compileScopes([{ name: "shop/x", scope }]);
  for (const name of names) {
    const call = name === "strict_one" ? "strict_one(1)" : `${name}()`;
    const isTold = await tells(call);
    expect([name, isTold]).toEqual([name, name === "visible" || name === "atomic"]);
    const kind = isTold ? "deny" : "permit";
    for (const from of [call, `public.${call}`, `ROWS FROM (${call}) x`])
      expect([from, check({ sql: `SELECT 1 FROM ${from}`, database }).kind]).toEqual([from, kind]);
    // Of the select list nothing is put into the statement.
    expect(check({ sql: `SELECT ${call}`, database }).kind).toBe("permit");
  }
});
