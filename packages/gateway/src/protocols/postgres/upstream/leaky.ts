import type { Granted } from "../guard/granted.ts";
import { namedFunctions, namedRelations } from "./named-relations.ts";

type LeakyGranted = Pick<Granted, "tables" | "wholeTables" | "routines">;

/** A view that does not keep the query's conditions behind its own (manual, "Rules and Privileges"). */
const isOpen = `(c.relkind OPERATOR(pg_catalog.=) 'v'::pg_catalog."char"
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) x
    WHERE x.option_name OPERATOR(pg_catalog.=) 'security_barrier'::pg_catalog.text AND x.option_value::pg_catalog.bool))`;
/** The rule that is the view's query. */
const isOfSelect = `r.ev_type OPERATOR(pg_catalog.=) '1'::pg_catalog."char"`;

/**
 * What the stored tree of a view's query says where it leaves rows out: conditions, joins, several items in FROM, HAVING, and
 * INTERSECT or EXCEPT (nodes/parsenodes.h, SetOperation: 1 is UNION). Names and values do not look like that in it: a blank in
 * them is escaped (outfuncs.c, outToken), and constants are written as bytes.
 */
const filters = [
  ":quals {",
  "{JOINEXPR ",
  "} {RANGETBLREF ",
  ":havingQual {",
  "{SETOPERATIONSTMT :op 2 ",
  "{SETOPERATIONSTMT :op 3 ",
];

/**
 * The parts of the question that tells through what a statement may learn of rows that it is not shown. PostgreSQL runs a
 * statement's conditions, cheapest first, beside those of a view or of a function that it puts into the statement: an error
 * in one tells of rows that the other leaves out.
 *
 * leaky: granted views that are no `security_barrier` and leave rows out of something that is not granted whole, has row
 * security or is not the session's to read; through other such views too.
 * inlined: granted functions that PostgreSQL puts into the statement where they stand in FROM (clauses.c,
 * inline_set_returning_function; 14 is the language SQL).
 */
export function leakyQuestion({ tables, wholeTables, routines }: LeakyGranted): readonly string[] {
  return [
    ...(tables.size === 0 ? [] : [views(tables, wholeTables)]),
    ...(routines.size === 0 ? [] : [inlined(routines)]),
  ];
}

function views(tables: ReadonlySet<string>, wholeTables: ReadonlySet<string>): string {
  const found = filters.map(
    (part) => `pg_catalog.strpos(r.ev_action::pg_catalog.text, '${part}'::pg_catalog.text)`,
  );
  const whole = `SELECT c.oid FROM ${namedRelations(wholeTables)}`;
  return `(WITH RECURSIVE whole AS (${whole}),
  below AS (
    SELECT g.name AS root, c.oid AS relation FROM ${namedRelations(tables)} WHERE ${isOpen}
    UNION
    SELECT b.root, d.refobjid FROM below b
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) b.relation AND ${isOpen}
      JOIN pg_catalog.pg_rewrite r ON r.ev_class OPERATOR(pg_catalog.=) c.oid AND ${isOfSelect}
      JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 2618::pg_catalog.oid
        AND d.objid OPERATOR(pg_catalog.=) r.oid AND d.refclassid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid),
  seen AS (
    SELECT b.root, c.oid, ${isOpen} AS is_open, c.relrowsecurity AS has_policies
    FROM below b JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) b.relation)
  SELECT 'leaky', s.root, NULL, NULL, NULL FROM seen s
  WHERE s.is_open AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class OPERATOR(pg_catalog.=) s.oid AND ${isOfSelect}
      AND GREATEST(${found.join(", ")}) OPERATOR(pg_catalog.>) 0)
    AND EXISTS (SELECT FROM seen o WHERE o.root OPERATOR(pg_catalog.=) s.root AND NOT o.is_open
      AND (o.has_policies OR NOT pg_catalog.has_table_privilege(o.oid, 'SELECT'::pg_catalog.text)
        OR NOT EXISTS (SELECT FROM whole w WHERE w.oid OPERATOR(pg_catalog.=) o.oid))))`;
}

function inlined(routines: ReadonlySet<string>): string {
  return `SELECT 'inlined', g.name, NULL, NULL, NULL FROM ${namedFunctions(routines)}
  WHERE p.prolang OPERATOR(pg_catalog.=) 14::pg_catalog.oid AND p.prokind OPERATOR(pg_catalog.=) 'f'::pg_catalog."char"
    AND p.proretset AND NOT p.prosecdef AND NOT p.proisstrict
    AND p.provolatile OPERATOR(pg_catalog.<>) 'v'::pg_catalog."char" AND p.proconfig IS NULL`;
}
