import { hash } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import { createAsking } from "./asking.ts";
import { leakyQuestion } from "./leaky.ts";
import { namedRelations } from "./named-relations.ts";
import { type DatabaseFacts, type EnumColumn, plainDatabase, unknownDatabase } from "../guard/database.ts";
import { nothingFound } from "../guard/found/found.ts";
import { catalogColumns } from "../guard/structure/columns.ts";
import type { Granted } from "../guard/granted.ts";
import type { Target } from "../target.ts";

/** Types whose input looks a name up, and whose output tells the name of a number: regproc and its kin, aclitem. */
export const nameTypes = "24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191, 1033";

type DatabaseGranted = Pick<Granted, "catalog" | "tables" | "readTables" | "routines">;

/**
 * Asks what the session's search path holds beside pg_catalog, and what the granted tables are made of: a database may
 * have many thousand others. Every name and operator is written with its schema: in this very search path they could mean
 * something else.
 *
 * row: functions that one argument is enough for, of a type that a row fits in: PostgreSQL calls them by `t.name` where
 * t has no such column (parse_func.c); of a VARIADIC one it is the array's element that a row must fit in. One named
 * like a column of the type that it takes is never called so.
 * function: those whose name is granted, or a further schema of the path or pg_catalog has too, with each schema. Extensions'
 * are left out beside pg_catalog's.
 * operator: those with a name of pg_catalog's, extensions' left out.
 * lookup: columns whose type holds one of nameTypes: in an array, a domain, a row, a range or a multirange (which depends on
 * its range; PostgreSQL before 14 has none, and no column of pg_range for them).
 * enum: columns of an enum or of an array of one, where no cast of the database's own would run a function.
 * columns: those of the catalogue that `catalog: granted` shows in part, which differ from version to version.
 * leaky, inlined, hides: see `leakyQuestion`.
 * short: columns of types whose values have 255 characters at most: of a fixed length, of a length that the column says, ranges
 * and enums; in every granted table that has one of that name.
 * slow: which types whose values PostgreSQL reads or compares slowly the columns have in them.
 */
export function databaseQuestion(granted: DatabaseGranted): string {
  const { tables, routines } = granted;
  const listed = [...new Set([...routines].map((name) => name.slice(name.indexOf(".") + 1)))].toSorted();
  const isListed = `p.proname OPERATOR(pg_catalog.=) ANY (ARRAY[${listed.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ")}]::pg_catalog.name[])`;
  return `
WITH RECURSIVE path AS (
  SELECT n.oid, n.nspname::pg_catalog.text AS name FROM pg_catalog.pg_namespace n
  WHERE n.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))
    AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.name),
given AS (
  SELECT g.name AS relation, a.attname::pg_catalog.text AS name, a.atttypid AS type, a.atttypmod AS modifier
  FROM ${namedRelations(tables)}
  JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
  WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f']::pg_catalog."char"[])
    AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped),
holds AS (
  SELECT type AS whole, type AS part FROM given
  UNION
  SELECT h.whole, p.type FROM holds h JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) h.part
    CROSS JOIN LATERAL (
      SELECT t.typelem AS type
      UNION ALL SELECT t.typbasetype
      UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid
        AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped
      UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid OPERATOR(pg_catalog.=) t.oid
      UNION ALL SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
        AND d.objid OPERATOR(pg_catalog.=) t.oid AND d.refclassid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid) p
    WHERE p.type OPERATOR(pg_catalog.<>) 0::pg_catalog.oid)
SELECT 'row', p.proname::pg_catalog.text, path.name, NULL, NULL FROM pg_catalog.pg_proc p
  JOIN path ON path.oid OPERATOR(pg_catalog.=) p.pronamespace
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) CASE
    WHEN p.pronargs OPERATOR(pg_catalog.=) 1::pg_catalog.int2 AND p.provariadic OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
    THEN p.provariadic ELSE p.proargtypes[0] END
  WHERE p.pronargs OPERATOR(pg_catalog.>=) 1::pg_catalog.int2
    AND (p.pronargs OPERATOR(pg_catalog.-) p.pronargdefaults) OPERATOR(pg_catalog.<=) 1::pg_catalog.int2
    AND (t.typtype OPERATOR(pg_catalog.=) ANY (ARRAY['c', 'd']::pg_catalog."char"[])
      OR t.typname OPERATOR(pg_catalog.=) ANY (ARRAY['record', 'any', 'anyelement', 'anynonarray', 'anycompatible',
        'anycompatiblenonarray']::pg_catalog.name[])
      OR EXISTS (SELECT FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type s ON s.oid OPERATOR(pg_catalog.=) c.castsource
        WHERE c.casttarget OPERATOR(pg_catalog.=) t.oid AND c.castcontext OPERATOR(pg_catalog.=) 'i'::pg_catalog."char"
          AND s.typtype OPERATOR(pg_catalog.=) 'c'::pg_catalog."char"))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid
      AND a.attname OPERATOR(pg_catalog.=) p.proname AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
      AND NOT a.attisdropped)
UNION
SELECT 'function', p.proname::pg_catalog.text, s.name, NULL, NULL FROM pg_catalog.pg_proc p
  JOIN path ON path.oid OPERATOR(pg_catalog.=) p.pronamespace
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_catalog.pg_proc b WHERE b.proname OPERATOR(pg_catalog.=) p.proname
    AND b.pronamespace OPERATOR(pg_catalog.=) 11::pg_catalog.oid) AS builtin) twin
  CROSS JOIN LATERAL (SELECT path.name UNION ALL SELECT 'pg_catalog' WHERE twin.builtin) s
  WHERE CASE WHEN twin.builtin THEN NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid AND d.objid OPERATOR(pg_catalog.=) p.oid
        AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
    ELSE ${isListed} OR EXISTS (SELECT FROM pg_catalog.pg_proc b WHERE b.proname OPERATOR(pg_catalog.=) p.proname
      AND b.pronamespace OPERATOR(pg_catalog.=) ANY (SELECT other.oid FROM path other)
      AND b.pronamespace OPERATOR(pg_catalog.<>) p.pronamespace) END
UNION
SELECT 'operator', o.oprname::pg_catalog.text, NULL, NULL, NULL FROM pg_catalog.pg_operator o
  JOIN path ON path.oid OPERATOR(pg_catalog.=) o.oprnamespace
  WHERE EXISTS (SELECT FROM pg_catalog.pg_operator b WHERE b.oprname OPERATOR(pg_catalog.=) o.oprname
      AND b.oprnamespace OPERATOR(pg_catalog.=) 11::pg_catalog.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 2617::pg_catalog.oid
      AND d.objid OPERATOR(pg_catalog.=) o.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
UNION
SELECT 'lookup', given.relation, given.name, NULL, NULL FROM given
  WHERE EXISTS (SELECT FROM holds h WHERE h.whole OPERATOR(pg_catalog.=) given.type
    AND h.part OPERATOR(pg_catalog.=) ANY (ARRAY[${nameTypes}]::pg_catalog.oid[]))
UNION
SELECT 'short', given.name, NULL, NULL, NULL FROM given JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) given.type
  GROUP BY given.name
  HAVING pg_catalog.bool_and(t.typlen OPERATOR(pg_catalog.>) 0::pg_catalog.int2
    OR t.typtype OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'e']::pg_catalog."char"[])
    OR t.oid OPERATOR(pg_catalog.=) ANY (ARRAY[650, 869]::pg_catalog.oid[])
    OR (t.oid OPERATOR(pg_catalog.=) ANY (ARRAY[1042, 1043, 1560, 1562]::pg_catalog.oid[])
      AND given.modifier OPERATOR(pg_catalog.>=) 0 AND given.modifier OPERATOR(pg_catalog.<=) 259))
UNION
SELECT 'slow', t.typname::pg_catalog.text, NULL, NULL, NULL FROM given JOIN pg_catalog.pg_type t
  ON t.oid OPERATOR(pg_catalog.=) ANY (ARRAY[142, 602, 604, 3615]::pg_catalog.oid[])
  WHERE EXISTS (SELECT FROM holds h WHERE h.whole OPERATOR(pg_catalog.=) given.type
    AND h.part OPERATOR(pg_catalog.=) t.oid)
UNION
SELECT 'enum', given.relation, given.name, pg_catalog.concat(s.nspname, '.', t.typname), pg_catalog.concat(s.nspname, '.', l.typname)
  FROM given JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) given.type
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) CASE WHEN y.typelem OPERATOR(pg_catalog.=) 0::pg_catalog.oid
    THEN y.oid ELSE y.typelem END
  JOIN pg_catalog.pg_type l ON l.oid OPERATOR(pg_catalog.=) t.typarray
  JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) t.typnamespace
  WHERE t.typtype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
    AND (given.type OPERATOR(pg_catalog.=) t.oid OR given.type OPERATOR(pg_catalog.=) t.typarray)
    AND pg_catalog.strpos(pg_catalog.concat(s.nspname, t.typname, l.typname), '.') OPERATOR(pg_catalog.=) 0
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castfunc OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
      AND (k.castsource OPERATOR(pg_catalog.=) ANY (ARRAY[t.oid, t.typarray])
        OR k.casttarget OPERATOR(pg_catalog.=) ANY (ARRAY[t.oid, t.typarray])))
UNION
SELECT 'columns', pg_catalog.concat(n.nspname, '.', c.relname), (SELECT pg_catalog.string_agg(a.attname::pg_catalog.text,
    ' '::pg_catalog.text ORDER BY a.attnum USING OPERATOR(pg_catalog.<)) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
      AND NOT a.attisdropped), NULL, NULL
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid AND pg_catalog.concat(n.nspname, '.', c.relname)
    OPERATOR(pg_catalog.=) ANY (ARRAY[${[...catalogColumns.keys()].map((name) => `'${name}'`).join(", ")}]::pg_catalog.text[])${leakyQuestion(
      granted,
    )
      .map((part) => `\nUNION\n${part}`)
      .join("")}`;
}

/**
 * Asks a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @returns facts that refuse what depends on them when the server errs, goes away or takes too long
 */
export type ReadDatabaseFacts = (
  socket: Socket,
  target: Target,
  granted: Granted,
  ended: AbortSignal,
) => Promise<DatabaseFacts>;

/** Makes the question. */
export function createDatabaseFacts(clock: Clock): ReadDatabaseFacts {
  const asked = createAsking(clock, factsOf);
  return async (socket, target, granted, ended) => {
    // Nothing is granted that the answer could change.
    if (granted.reachesNothing) return plainDatabase;
    return asked(socket, target, databaseQuestion(granted), ended).catch(() => unknownDatabase);
  };
}

type Row = readonly (string | null)[];

/** @throws Error when a row is not one that was asked for */
export function factsOf(rows: readonly Row[]): DatabaseFacts {
  const lookups = new Map<string, Set<string>>();
  const functions = { row: new Map<string, Set<string>>(), function: new Map<string, Set<string>>() };
  const operators = new Set<string>();
  const enums: EnumColumn[] = [];
  const catalogue = new Map<string, string>();
  const leaky = new Set<string>();
  const inlined = new Set<string>();
  const hiding = new Set<string>();
  const short = new Set<string>();
  const slow = new Set<string>();
  for (const [kind, name, column, type, array] of rows) {
    if (typeof name !== "string") throw new TypeError("a fact without a name");
    if (kind === "operator") operators.add(name);
    else if (kind === "leaky") leaky.add(name);
    else if (kind === "inlined") inlined.add(name);
    else if (kind === "hides") hiding.add(name);
    else if (kind === "short") short.add(name);
    else if (kind === "slow") slow.add(name);
    else if (typeof column === "string" && (kind === "row" || kind === "function"))
      functions[kind].set(name, (functions[kind].get(name) ?? new Set()).add(column));
    else if (kind === "enum" && typeof column === "string" && typeof type === "string")
      enums.push({ table: name, column, types: [type, ...(typeof array === "string" ? [array] : [])] });
    else if (kind === "columns") catalogue.set(name, column ?? "");
    else if (kind !== "lookup" || typeof column !== "string") throw new TypeError("a fact of no known kind");
    else lookups.set(name, (lookups.get(name) ?? new Set()).add(column));
  }
  return {
    key: keyOf(rows),
    isUnknown: false,
    rowFunctions: functions.row,
    functions: functions.function,
    operators,
    lookups,
    enums,
    columns: new Map(),
    arrays: new Map(),
    catalogue,
    leakyViews: leaky,
    inlined,
    hiding,
    shortColumns: short,
    slowTypes: slow,
    hidesPlans: false,
    plainTables: new Set(),
    refusesTemporary: undefined,
    timeouts: new Map(),
    found: nothingFound,
  };
}

/** What tells facts from others. The catalogue's own columns are many, and the same for all sessions of a server; so are short ones. */
function keyOf(rows: readonly Row[]): string {
  const words = rows.map((row) => JSON.stringify(row)).toSorted();
  const isOther = (row: string): boolean => row.startsWith('["columns"') || row.startsWith('["short"');
  const own = words.filter((row) => !isOther(row));
  const others = words.filter((row) => isOther(row));
  return `${hash("sha256", others.join("\n"), "hex")} ${JSON.stringify(own)}`;
}
