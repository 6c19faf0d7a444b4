import { nothingFound } from "../../guard/found/found.ts";
import pg from "pg";
import type { DatabaseFacts } from "../../guard/database.ts";
import { allowed, type ScopeName, stage } from "./stage.ts";

/** What PostgreSQL says that a statement reaches; undefined for one that it does not take. */
export type Reached = { readonly ok: true; readonly things: readonly string[] } | { readonly ok: false };

/** A real server's own account of what statements depend on. */
export interface Oracle {
  /** For each statement, in order. */
  ask(statements: readonly string[]): Promise<readonly Reached[]>;
  /** What of it no scope of that name lets a statement reach. */
  escapes(reached: Reached, scope: ScopeName): readonly string[];
  readonly client: pg.Client;
  end(): Promise<void>;
}

/**
 * Makes each statement the body of a function (BEGIN ATOMIC: it is parsed and its names resolved, and not run), reads
 * what the function depends on, and takes it back. A whole row depends on no column in particular, so the columns that
 * need a privilege are read out of the parsed statement as well: bit 7 is the whole row, bit 8 the first column.
 */
const prober = `
CREATE FUNCTION public.probe(statements text[]) RETURNS SETOF text LANGUAGE plpgsql AS $probe$
DECLARE
  statement text;
  found text;
BEGIN
  FOREACH statement IN ARRAY statements LOOP
    BEGIN
      EXECUTE 'CREATE FUNCTION pg_temp.probed() RETURNS void BEGIN ATOMIC ' || statement || '; END';
      SELECT string_agg(DISTINCT thing, E'\\n') INTO found FROM (
        SELECT CASE d.refclassid
            WHEN 'pg_class'::regclass THEN CASE WHEN d.refobjsubid = 0 THEN 'table ' || d.refobjid::regclass
              ELSE 'depends ' || d.refobjid::regclass || ' ' || d.refobjsubid END
            WHEN 'pg_proc'::regclass THEN 'function ' || d.refobjid::regprocedure
            WHEN 'pg_operator'::regclass THEN 'operator ' || d.refobjid::regoperator
          END AS thing
        FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid AND p.proname = 'probed'
          AND p.pronamespace = pg_my_temp_schema()
        -- ON CONFLICT DO UPDATE depends on every column of its table, by the row that it calls excluded.
        WHERE d.classid = 'pg_proc'::regclass
          AND (d.refobjsubid = 0 OR p.prosqlbody::text !~ ':exclRelTlist \\(')
        UNION ALL
        SELECT use || ' ' || (m[1]::oid)::regclass || ' ' || (bit::int - 7)
        FROM pg_proc p, LATERAL regexp_matches(p.prosqlbody::text,
            'RTEPERMISSIONINFO :relid (\\d+) [^}]*:selectedCols \\(b([ 0-9]*)\\) :insertedCols \\(b([ 0-9]*)\\) :updatedCols \\(b([ 0-9]*)\\)', 'g') m,
          LATERAL (VALUES ('read', m[2]), ('insert', m[3]), ('update', m[4])) AS u(use, bits),
          LATERAL unnest(string_to_array(nullif(trim(bits), ''), ' ')) AS bit
        WHERE p.proname = 'probed' AND p.pronamespace = pg_my_temp_schema()) x WHERE thing IS NOT NULL;
      RAISE EXCEPTION USING ERRCODE = 'MF000';
    EXCEPTION
      WHEN SQLSTATE 'MF000' THEN RETURN NEXT coalesce(found, '');
      WHEN OTHERS THEN RETURN NEXT NULL;
    END;
  END LOOP;
END $probe$`;

/** Fills an empty database, and makes its oracle. */
export async function createOracle(url: string): Promise<Oracle> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(stage);
  await client.query(prober);
  await client.query("SET search_path = public, pg_temp; SET check_function_bodies = on");
  await client.query("CREATE TEMP TABLE t_made_the_schema ()");
  const names = new Map<string, string>();
  const { rows } = await client.query<{ key: string; name: string }>(
    `SELECT attrelid::regclass || ' ' || attnum AS key, attname AS name FROM pg_attribute
     WHERE attrelid::regclass::text LIKE 'shop.%' OR attrelid = 'secrets'::regclass`,
  );
  for (const { key, name } of rows) names.set(key, name);
  return {
    client,
    async ask(statements) {
      const answer = await client.query<{ probe: string | null }>("SELECT public.probe($1) AS probe", [
        statements,
      ]);
      return answer.rows.map(({ probe }) =>
        probe === null ? { ok: false } : { ok: true, things: probe === "" ? [] : probe.split("\n") },
      );
    },
    escapes(reached, scope) {
      if (!reached.ok) return [];
      return reached.things.filter((thing) => isEscape(thing, scope, names));
    },
    end: () => client.end(),
  };
}

function isEscape(thing: string, scope: ScopeName, names: ReadonlyMap<string, string>): boolean {
  const [use = "", table = "", number = ""] = thing.split(" ");
  if (use === "function" || use === "operator") return true;
  const uses = allowed[scope][table];
  if (uses === undefined) return true;
  if (use === "table") return false;
  const column = names.get(`${table} ${number}`) ?? "";
  const covers = (columns: "all" | readonly string[] | undefined): boolean =>
    columns === "all" || columns?.includes(column) === true;
  // What a function depends on says nothing of the use: read, inserted or changed.
  if (use === "depends") return ![uses.read, uses.insert, uses.update].some(covers);
  return !covers(use === "insert" ? uses.insert : use === "update" ? uses.update : uses.read);
}

/** What the stage adds on its search path, as the gateway would be told of it. */
export const stageFacts: DatabaseFacts = {
  key: "stage",
  isUnknown: false,
  rowFunctions: new Map(
    ["value", "f1", "ssn", "key", "danger", "lexeme", "danger2"].map((name) => [name, new Set(["public"])]),
  ),
  functions: new Map([["upper", new Set(["public", "pg_catalog"])]]),
  operators: new Set(["||"]),
  lookups: new Map([["shop.jobs", new Set(["kind"])]]),
  enums: [],
  columns: new Map([
    ["shop.orders", ["id", "customer_id", "amount", "note", "status", "tags", "data"]],
    ["shop.jobs", ["id", "kind", "note"]],
  ]),
  arrays: new Map([["shop.orders", new Set(["tags"])]]),
  catalogue: new Map(),
  leakyViews: new Set(),
  inlined: new Set(),
  hiding: new Set(),
  shortColumns: new Set(),
  slowTypes: new Set(),
  hidesPlans: false,
  plainTables: new Set(),
  refusesTemporary: undefined,
  timeouts: new Map(),
  found: nothingFound,
};
