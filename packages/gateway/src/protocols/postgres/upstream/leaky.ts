import type { Granted } from "../guard/granted.ts";
import { computingExtensions } from "../guard/found/computing.ts";
import { functions as builtins, ungrantable } from "../guard/expressions/builtin.ts";
import { namedFunctions, namedRelations } from "./named-relations.ts";

type LeakyGranted = Pick<Granted, "catalog" | "tables" | "readTables" | "routines">;

const isView = `(c.relkind OPERATOR(pg_catalog.=) 'v'::pg_catalog."char")`;
/** A view that does not keep the query's conditions behind its own (manual, "Rules and Privileges"). */
const isOpen = `(${isView}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) x
    WHERE x.option_name OPERATOR(pg_catalog.=) 'security_barrier'::pg_catalog.text AND x.option_value::pg_catalog.bool))`;
/** The rule that is the view's query. */
const isOfSelect = `r.ev_type OPERATOR(pg_catalog.=) '1'::pg_catalog."char"`;

/**
 * What the stored tree of a view's query says where it leaves rows out: conditions, joins, several items in FROM, HAVING,
 * INTERSECT or EXCEPT (nodes/parsenodes.h, SetOperation: 1 is UNION), and functions among its outputs that may give no row.
 * Names and values do not look like that in it: a blank in them is escaped (outfuncs.c, outToken), and constants are written
 * as bytes.
 */
const filters = [
  ":quals {",
  "{JOINEXPR ",
  "} {RANGETBLREF ",
  ":havingQual {",
  "{SETOPERATIONSTMT :op 2 ",
  "{SETOPERATIONSTMT :op 3 ",
  ":hasTargetSRFs true ",
];

/** The same where it makes fewer rows of many behind which no condition goes: a plan counts and estimates them all the same. */
const folds = [
  ":limitCount {",
  ":limitOffset {",
  ":distinctClause (",
  ":groupClause (",
  ":hasAggs true ",
  ":tablesample {",
];

/** A function in SQL that PostgreSQL puts into a statement where it stands in FROM (clauses.c, inline_set_returning_function). */
const isInlined = `(p.prolang OPERATOR(pg_catalog.=) 14::pg_catalog.oid AND p.prokind OPERATOR(pg_catalog.=) 'f'::pg_catalog."char"
  AND p.proretset AND NOT p.prosecdef AND NOT p.proisstrict
  AND p.provolatile OPERATOR(pg_catalog.<>) 'v'::pg_catalog."char" AND p.proconfig IS NULL)`;

/** Of those that every statement may call, the ones whose names look like those of functions that read elsewhere. */
const harmless = [...builtins].filter((name) => name.startsWith("pg_")).map((name) => `'${name}'`);

/** Of an extension whose functions compute and nothing else; 3079 is pg_extension. */
const isComputing = `EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
  WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid AND d.objid OPERATOR(pg_catalog.=) p.oid
    AND d.refclassid OPERATOR(pg_catalog.=) 3079::pg_catalog.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
    AND e.extname OPERATOR(pg_catalog.=) ANY (ARRAY[${[...computingExtensions].map((name) => `'${name}'`).join(", ")}]::pg_catalog.name[]))`;

/** A function that may read what no table's grant covers: the database's own, and of pg_catalog those that run text or read elsewhere. */
const mayRead = `(p.provolatile OPERATOR(pg_catalog.<>) 'i'::pg_catalog."char"
  AND NOT EXISTS (SELECT FROM granted_functions f WHERE f.oid OPERATOR(pg_catalog.=) p.oid)
  AND (p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND NOT ${isComputing}
    OR p.proname::pg_catalog.text OPERATOR(pg_catalog.~) '^pg_|${ungrantable.source}'::pg_catalog.text
      AND p.proname OPERATOR(pg_catalog.<>) ALL (ARRAY[${harmless.join(", ")}]::pg_catalog.name[])))`;

/** What an aggregate calls: its own entry in pg_proc says IMMUTABLE of every one (CREATE AGGREGATE, pg_aggregate). */
const supporting = ["trans", "final", "combine", "serial", "deserial", "mtrans", "minvtrans", "mfinal"]
  .map((step) => `a.agg${step}fn`)
  .join(", ");

/**
 * The parts of the question that tells through what a statement may learn of rows that it is not shown. PostgreSQL runs a
 * statement's conditions, cheapest first, beside those of a view or of a function that it puts into the statement: an error
 * in one tells of rows that the other leaves out.
 *
 * leaky: granted views that are no `security_barrier` and leave rows out of something that is not granted to be read whole,
 * has row security or is not the session's to read; or that call a function of the database's own which may read such a
 * thing, or which PostgreSQL puts into them; through other such views too.
 * inlined: granted functions that PostgreSQL puts into the statement where they stand in FROM.
 * hides: granted tables with row security, and views that keep rows back, `security_barrier` or not, where plans of them may
 * be asked for at all.
 */
export function leakyQuestion({ catalog, tables, readTables, routines }: LeakyGranted): readonly string[] {
  return [
    ...(tables.size === 0 ? [] : [views("leaky", tables, readTables, routines)]),
    ...(tables.size === 0 || !catalog ? [] : [views("hides", tables, readTables, routines)]),
    ...(routines.size === 0
      ? []
      : [`SELECT 'inlined', g.name, NULL, NULL, NULL FROM ${namedFunctions(routines)} WHERE ${isInlined}`]),
  ];
}

/**
 * What a view reads is looked up in its tree: pg_depend knows nothing of what belongs to PostgreSQL itself. A partition is
 * read whole through its table, whatever row security and privileges it has of its own.
 */
function views(
  kind: "leaky" | "hides",
  tables: ReadonlySet<string>,
  readTables: ReadonlySet<string>,
  routines: ReadonlySet<string>,
): string {
  const isWanted = kind === "leaky" ? isOpen : isView;
  const found = (kind === "leaky" ? filters : [...filters, ...folds]).map(
    (part) => `pg_catalog.strpos(q.query, '${part}'::pg_catalog.text)`,
  );
  return `(WITH RECURSIVE whole AS (
    SELECT c.oid FROM ${namedRelations(readTables)}
    WHERE NOT c.relrowsecurity AND pg_catalog.has_table_privilege(c.oid, 'SELECT'::pg_catalog.text)
    UNION
    SELECT c.oid FROM whole w JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) w.oid
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid AND c.relispartition),
  reached AS (
    SELECT c.oid FROM ${namedRelations(tables)} WHERE ${isWanted}
    UNION
    SELECT x.number[1]::pg_catalog.oid FROM reached v JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.oid AND ${isWanted}
      JOIN pg_catalog.pg_rewrite r ON r.ev_class OPERATOR(pg_catalog.=) c.oid AND ${isOfSelect}
      CROSS JOIN LATERAL ${numbers("r.ev_action::pg_catalog.text", "relid")}),
  queries AS (
    SELECT c.oid AS view, r.ev_action::pg_catalog.text AS query FROM reached v
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.oid AND ${isWanted}
      JOIN pg_catalog.pg_rewrite r ON r.ev_class OPERATOR(pg_catalog.=) c.oid AND ${isOfSelect}),
  edges AS (
    SELECT DISTINCT q.view, x.number[1]::pg_catalog.oid AS relation FROM queries q CROSS JOIN LATERAL ${numbers("q.query", "relid")}),
  below AS (
    SELECT g.name AS root, c.oid AS relation FROM ${namedRelations(tables)} WHERE ${isWanted}
    UNION
    SELECT b.root, e.relation FROM below b JOIN edges e ON e.view OPERATOR(pg_catalog.=) b.relation),
  called AS (
    SELECT q.view, x.number[1]::pg_catalog.oid AS function
    FROM queries q CROSS JOIN LATERAL ${numbers("q.query", "(?:(?:op)?funcid|aggfnoid|winfnoid|(?:start|end)InRangeFunc)")}),
  calls AS (
    SELECT c.view, pg_catalog.bool_or(${isInlined}) AS is_inlined, pg_catalog.bool_or(${mayRead}) AS may_read
    FROM (SELECT view, function FROM called
        UNION ALL
        SELECT c.view, f.function FROM called c JOIN pg_catalog.pg_aggregate a ON a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) c.function
          AND c.function NOT IN (SELECT oid FROM granted_functions)
          CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[${supporting}]::pg_catalog.oid[]) f(function)) c
      JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) c.function
    GROUP BY c.view),
  found AS (
    SELECT q.view, GREATEST(${found.join(", ")}) OPERATOR(pg_catalog.>) 0 AS leaves_out, c.is_inlined, c.may_read
    FROM queries q LEFT JOIN calls c ON c.view OPERATOR(pg_catalog.=) q.view),
  told AS (
    SELECT b.root, pg_catalog.bool_or(f.leaves_out) AS leaves_out, pg_catalog.bool_or(f.is_inlined) AS is_inlined,
      pg_catalog.bool_or(f.may_read OR f.view IS NULL AND w.oid IS NULL) AS hides
    FROM below b LEFT JOIN found f ON f.view OPERATOR(pg_catalog.=) b.relation
      LEFT JOIN whole w ON w.oid OPERATOR(pg_catalog.=) b.relation
    GROUP BY b.root),
  granted_functions AS (SELECT p.oid FROM ${namedFunctions(routines)})
  SELECT '${kind}', t.root, NULL, NULL, NULL FROM told t WHERE t.leaves_out AND t.hides OR t.is_inlined${kind === "leaky" ? "" : policies(tables)})`;
}

/** Tables with row security, and views of one. */
function policies(tables: ReadonlySet<string>): string {
  return `
  UNION
  SELECT 'hides', g.name, NULL, NULL, NULL FROM ${namedRelations(tables)} WHERE c.relrowsecurity
  UNION
  SELECT 'hides', b.root, NULL, NULL, NULL FROM below b JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) b.relation
  WHERE c.relrowsecurity`;
}

/** Numbers behind a member's name in a stored tree, as `x.number[1]`; 0 is none (since PostgreSQL 16, what is no table has one). */
function numbers(tree: string, member: string): string {
  return `pg_catalog.regexp_matches(${tree}, ':${member} ([1-9][0-9]*)'::pg_catalog.text, 'g'::pg_catalog.text) x(number)`;
}
