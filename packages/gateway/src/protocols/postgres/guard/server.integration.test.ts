// tier: gate
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { foundQuestion } from "../upstream/found/question.ts";
import { corpusScope, foundRows, givenCases, ownCases } from "../testing/guard-corpus.ts";
import {
  catalogueFunctions,
  catalogueTypes,
  functions,
  harmlessVolatile,
  operators,
  outputColumns,
  types,
} from "./expressions/builtin.ts";
import { driverRelations, openInformation, openRelations } from "./names/catalogue.ts";
import { pathOf } from "./search-path.ts";
import { durationMs } from "./setting-time.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { compileScopes } from "./verdicts.ts";

let server: EmbeddedPostgres;
let client: pg.Client;

async function connect(database: string): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: server.url(database) });
  await made.connect();
  return made;
}

async function rows<Row>(sql: string): Promise<readonly Row[]> {
  return (await client.query(sql)).rows as Row[];
}

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  await server.run("CREATE DATABASE shop");
  client = await connect("shop");
  const fixture = readFileSync(
    new URL("../../../../../../tests/corpus/postgres.sql", import.meta.url),
    "utf8",
  );
  // The extensions only make more to deny, and the embedded server does not ship them.
  await client.query(fixture.replaceAll(/CREATE EXTENSION[^;]*;/gu, ""));
});

afterAll(async () => {
  await client.end();
  await server.stop();
});

describe("what the guard takes a setting's text to be", () => {
  it("is the time that the server sets", async () => {
    const counts = [
      "0",
      "0.4",
      "0.5",
      ".5",
      "0.51",
      "1",
      "1.5",
      "2.5",
      "0.0001",
      "0.009",
      "0.0096",
      "12.3456",
      "35",
    ];
    const texts = counts.flatMap((count) =>
      ["", "us", "ms", "s", "min", " h", "d "].map((unit) => `${count}${unit}`),
    );
    // All of these settings are read alike, and this one cuts no statement of the test's own.
    const ask = "SELECT setting::int AS ms FROM pg_settings WHERE name = 'lock_timeout'";
    for (const text of [...texts, "2147483647", "2147483648", "25d", "1 week", "\u00a01"]) {
      let set: number | undefined;
      try {
        await client.query("SELECT set_config('lock_timeout', $1, false)", [text]);
        set = (await rows<{ ms: number }>(ask))[0]?.ms;
      } catch {
        // The server takes it for no time.
      }
      expect([text, durationMs(text)]).toEqual([text, set]);
    }
    await client.query("RESET lock_timeout");
  });

  it("is the schemas that the server looks in", async () => {
    await client.query('CREATE SCHEMA "sales"; CREATE SCHEMA "\u212aunden"; CREATE SCHEMA "\u00a0x"');
    const looked = async (text: string): Promise<readonly string[]> => {
      await client.query("SELECT set_config('search_path', $1, false)", [text]);
      const [row] = await rows<{ names: string[] }>("SELECT current_schemas(false)::text[] AS names");
      return row?.names ?? [];
    };
    for (const text of ["Sales", "\u212aunden, SALES", "\u00a0x,sales", " sales ,\tpublic", '"sales"'])
      expect([text, pathOf(text)]).toEqual([text, await looked(text)]);
    await client.query('RESET search_path; DROP SCHEMA "sales", "\u212aunden", "\u00a0x"');
  });
});

describe("the lists of what pg_catalog offers", () => {
  it("names only functions that exist, are built in, and change nothing", async () => {
    const found = await rows<{ name: string; bad: string[] | null }>(
      `SELECT p.proname AS name, array_agg(p.oid::regprocedure::text) FILTER (
         WHERE p.provolatile = 'v' OR l.lanname NOT IN ('internal', 'sql') OR p.prokind = 'p'
           OR p.prorettype IN ('trigger'::regtype, 'internal'::regtype)
           OR 'internal'::regtype = ANY (p.proargtypes) AND p.prokind = 'f') AS bad
       FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
       WHERE p.pronamespace = 'pg_catalog'::regnamespace GROUP BY 1`,
    );
    const byName = new Map(found.map((row) => [row.name, row.bad]));
    const sized = /^pg_(?:relation|table|total_relation|indexes)_size$|^pg_partition_(?:ancestors|tree)$/u;
    for (const name of [...functions, ...catalogueFunctions]) {
      expect(byName.has(name), name).toBe(true);
      const excepted = harmlessVolatile.has(name) || sized.test(name);
      expect(excepted ? [] : (byName.get(name) ?? []), name).toEqual([]);
    }
    for (const name of harmlessVolatile) expect(functions.has(name), name).toBe(true);
  });

  it("lists no function that takes a relation, a query or a setting by name", async () => {
    const named = await rows<{ name: string }>(
      `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
         AND proargtypes::oid[] && ARRAY['regclass','regproc','regprocedure','regtype','regrole','regnamespace',
           'refcursor','cstring']::regtype[]::oid[] ORDER BY 1`,
    );
    expect(named.map((row) => row.name).filter((name) => functions.has(name))).toEqual([]);
  });

  it("names only operators, types and relations that exist", async () => {
    const one = async (sql: string): Promise<Set<string>> =>
      new Set((await rows<{ name: string }>(sql)).map((row) => row.name));
    const real = {
      operators: await one(
        "SELECT DISTINCT oprname AS name FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace",
      ),
      types: await one(
        "SELECT typname AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b','r','m')",
      ),
      catalogue: await one(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r','v')",
      ),
      information: await one(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'information_schema'::regnamespace",
      ),
    };
    for (const name of operators) expect(real.operators.has(name), name).toBe(true);
    for (const name of [...types, ...catalogueTypes]) expect(real.types.has(name), name).toBe(true);
    for (const name of [...openRelations, ...driverRelations.keys()])
      expect(real.catalogue.has(name), name).toBe(true);
    for (const name of openInformation) expect(real.information.has(name), name).toBe(true);
  });

  it("takes for the catalogue every name that pg_catalog holds", async () => {
    const others = await rows<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relname NOT LIKE 'pg\\_%'",
    );
    expect(others).toEqual([]);
  });

  it("knows the output columns of the functions that return several", async () => {
    const real = await rows<{ name: string; columns: string[] }>(
      `SELECT proname AS name, (SELECT array_agg(n ORDER BY i) FROM unnest(proargnames) WITH ORDINALITY AS a(n, i)
         WHERE proargmodes[i] IN ('o','t')) AS columns
       FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proargmodes && '{o,t}'::"char"[]`,
    );
    // unnest is told apart by its argument.
    const ours = real.filter(
      ({ name }) => name !== "unnest" && (functions.has(name) || outputColumns.has(name)),
    );
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.map(({ name }) => [name, outputColumns.get(name)])).toEqual(
      ours.map(({ name, columns }) => [name, columns]),
    );
  });
});

describe("what the corpus takes its database to hold", () => {
  it("is what the server answers", async () => {
    const asked = foundQuestion(["open", "commands"].map((name) => corpusScope(name).scope));
    const { rows: answer } = await client.query<string[]>({ text: asked ?? "", rowMode: "array" });
    const lines = (values: readonly unknown[]): readonly string[] =>
      values.map((value) => JSON.stringify(value)).toSorted();
    expect(lines(answer)).toEqual(lines(foundRows.database));
  });
});

const checksum = `SELECT md5(string_agg(t, ',')) AS sum FROM (
  SELECT o::text AS t FROM shop.orders o UNION ALL SELECT c::text FROM shop.customers c UNION ALL
  SELECT p::text FROM shop.payroll p UNION ALL SELECT s::text FROM public.secrets s UNION ALL
  SELECT last_value::text FROM shop.order_seq UNION ALL SELECT count(*)::text FROM pg_class ORDER BY 1) x`;

describe("permitted cases on a real server", () => {
  const permitted = [...givenCases(), ...ownCases()].filter(({ expected }) => expected === "allow");

  it.each(permitted)("$id runs: $sql", async ({ sql, scope }) => {
    const changes = scope.scope.statements.some((kind) => kind !== "select" && kind !== "copy_to");
    const before = await rows(checksum);
    const session = await connect("shop");
    try {
      await session.query("SET search_path = public, pg_temp");
      // A script in one message is one transaction, so a BEGIN inside it would warn only.
      if (sql.includes("COPY"))
        await session.query(`EXPLAIN ${/\((SELECT.*?)\) TO/su.exec(sql)?.[1] ?? "SELECT 1"}`);
      // Whoever sends parameters prepares: the server then knows every name in the statement.
      else
        await session.query(/\$\d/u.test(sql) && !/^PREPARE/iu.test(sql) ? `PREPARE judged AS ${sql}` : sql);
      await session.query("ROLLBACK");
    } finally {
      await session.end();
    }
    expect(changes ? before : await rows(checksum)).toEqual(before);
  });
});

describe("psql with catalog: true", () => {
  const judge = compileScopes([corpusScope("catalog")]);

  it.each([
    "\\d shop.orders",
    "\\d+ shop.customers",
    "\\dt shop.*",
    "\\dn",
    "\\df shop.*",
    "\\dv shop.*",
    "\\di",
    "\\l",
    "\\du",
    "\\dT",
    "\\d",
  ])("permits what %s asks", (command) => {
    const asked = spawnSync("psql", ["-X", "-E", server.url("shop"), "-c", command], { encoding: "utf8" });
    const queries = [
      ...asked.stdout.matchAll(/(?:\*+ QUERY \*+|\/\*+ QUERY \*+\/)\n([\s\S]*?)\n(?:\*{10,}|\/\*{10,}\/)/gu),
    ];
    expect(queries.length, asked.stderr).toBeGreaterThan(0);
    for (const [, sql = ""] of queries) expect({ sql, ...judge({ sql }) }).toMatchObject({ kind: "permit" });
  });
});
