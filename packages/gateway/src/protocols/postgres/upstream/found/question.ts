import type { PostgresScope } from "../../scope.ts";
import { nameTypes } from "../database-facts.ts";
import { hasPartitions } from "../../guard/found/concrete.ts";
import { ANY_NAME, isPattern, schemaOf } from "../../guard/found/patterns.ts";

/**
 * The one question that tells what a database holds under the names that scopes leave open. Every name and operator is
 * written with its schema: in the session's search path they could mean something else. Names that a scope cannot write
 * (with a dot or a quote) are left out. Rows are `kind, name, second, third`.
 */
export function foundQuestion(scopes: readonly PostgresScope[]): string | undefined {
  const names = askedOf(scopes);
  const parts = [
    names.tablePatterns.length > 0 ? relations(names.tablePatterns) : [],
    names.partitioned.length > 0 ? [partitions(names.partitioned)] : [],
    names.tables.length > 0
      ? [fields(names.tables, names.tablePatterns.length > 0 ? [] : names.tableNames)]
      : [],
    names.routinePatterns.length > 0 ? [routines(names.routinePatterns)] : [],
    names.functions.length > 0 || names.extensions.length > 0
      ? [results(names.functions, names.extensions)]
      : [],
    names.extensions.length > 0 ? [owners(names.extensions)] : [],
    names.settings.length > 0 ? [settings(names.settings)] : [],
  ].flat();
  return parts.length === 0 ? undefined : parts.map((part) => `(${part})`).join("\nUNION ALL\n");
}

/** What the question is about. Of tables and functions their schemas: which of them count is decided later. */
interface Asked {
  readonly tables: readonly string[];
  readonly tableNames: readonly string[];
  readonly partitioned: readonly string[];
  readonly tablePatterns: readonly string[];
  readonly functions: readonly string[];
  readonly routinePatterns: readonly string[];
  readonly extensions: readonly string[];
  readonly settings: readonly string[];
}

function askedOf(scopes: readonly PostgresScope[]): Asked {
  const entries = scopes.flatMap((scope) => Object.entries(scope.tables));
  const tables = entries.map(([name]) => name);
  const { functions, procedures } = {
    functions: scopes.flatMap((scope) => scope.functions),
    procedures: scopes.flatMap((scope) => scope.procedures),
  };
  const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted();
  const schemas = (names: readonly string[]): readonly string[] => distinct(names.map(schemaOf));
  return {
    tables: schemas(tables),
    tableNames: distinct(tables.map((name) => name.slice(name.indexOf(".") + 1))),
    partitioned: schemas(entries.filter(([, entry]) => hasPartitions(entry)).map(([name]) => name)),
    tablePatterns: schemas(tables.filter(isPattern)),
    functions: schemas(functions),
    routinePatterns: schemas([...functions, ...procedures].filter(isPattern)),
    extensions: distinct(scopes.flatMap((scope) => scope.extensions)),
    settings: distinct(scopes.flatMap((scope) => scope.settings)),
  };
}

/** Operators of pg_catalog, wherever the search path leads. */
const EQ = "OPERATOR(pg_catalog.=)";
const GT = "OPERATOR(pg_catalog.>)";
const NE = "OPERATOR(pg_catalog.<>)";

function texts(values: readonly string[], type: string): string {
  const quoted = values.map((value) => `'${value.replaceAll("'", "''")}'`);
  return `ARRAY[${quoted.join(", ")}]::pg_catalog.${type}[]`;
}

const isIn = (column: string, values: readonly string[], type: string): string =>
  `${column} ${EQ} ANY (${texts(values, type)})`;
/** Whether `n` is one of those schemas; of every name, one that is no part of PostgreSQL itself. */
const inSchemas = (schemas: readonly string[]): string =>
  schemas.includes(ANY_NAME)
    ? `pg_catalog.strpos(n.nspname::pg_catalog.text, 'pg_') ${NE} 1 AND n.nspname ${NE} 'information_schema'::pg_catalog.name AND ${isWritable("n.nspname")}`
    : isIn("n.nspname", schemas, "name");
const kindIn = (column: string, kinds: readonly string[]): string => isIn(column, kinds, '"char"');
const full = (schema: string, name: string): string => `pg_catalog.concat(${schema}, '.', ${name})`;
const isWritable = (name: string): string =>
  `pg_catalog.strpos(${name}::pg_catalog.text, '.') ${EQ} 0 AND pg_catalog.strpos(${name}::pg_catalog.text, '"') ${EQ} 0`;
/** What stands in pg_depend of a member of an extension; 3079 is pg_extension. */
const memberOf = (classId: number, oid: string): string =>
  `d.classid ${EQ} ${classId}::pg_catalog.oid AND d.objid ${EQ} ${oid} AND d.objsubid ${EQ} 0 AND d.deptype ${EQ} 'e'::pg_catalog."char"
    AND d.refclassid ${EQ} 3079::pg_catalog.oid`;
const isNoMember = (classId: number, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE ${memberOf(classId, oid)})`;

/**
 * Tables, partitioned tables, views and materialized views. Not: an extension's, which may show other sessions; foreign
 * tables, which reach another server; partitions and children of a table, which hold its rows under another name.
 * With each view what it reads, down to the tables, and to the tables of which those are a part.
 */
function relations(schemas: readonly string[]): readonly string[] {
  return [
    `SELECT 'relation', ${full("n.nspname", "c.relname")}, NULL, NULL
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} c.relnamespace
  WHERE ${inSchemas(schemas)} AND ${kindIn("c.relkind", ["r", "p", "v", "m"])} AND ${isWritable("c.relname")}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid ${EQ} c.oid) AND ${isNoMember(1259, "c.oid")}`,
    `WITH RECURSIVE edge AS (
    SELECT r.ev_class AS one, d.refobjid AS other FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
      ON d.classid ${EQ} 2618::pg_catalog.oid AND d.objid ${EQ} r.oid AND d.refclassid ${EQ} 1259::pg_catalog.oid
      AND d.refobjid ${NE} r.ev_class
    UNION SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i),
  reads AS (
    SELECT c.oid AS view, e.other FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} c.relnamespace
      JOIN edge e ON e.one ${EQ} c.oid WHERE ${inSchemas(schemas)} AND ${kindIn("c.relkind", ["r", "p", "v", "m"])}
    UNION SELECT r.view, e.other FROM reads r JOIN edge e ON e.one ${EQ} r.other)
  SELECT DISTINCT 'reads', ${full("n.nspname", "c.relname")}, ${full("m.nspname", "t.relname")}, NULL
  FROM reads r JOIN pg_catalog.pg_class c ON c.oid ${EQ} r.view JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} c.relnamespace
    JOIN pg_catalog.pg_class t ON t.oid ${EQ} r.other JOIN pg_catalog.pg_namespace m ON m.oid ${EQ} t.relnamespace`,
  ];
}

function partitions(schemas: readonly string[]): string {
  return `WITH RECURSIVE part AS (
    SELECT i.inhparent AS whole, i.inhrelid AS part FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid ${EQ} i.inhrelid AND c.relispartition
      JOIN pg_catalog.pg_class p ON p.oid ${EQ} i.inhparent AND p.relkind ${EQ} 'p'::pg_catalog."char"
    UNION SELECT p.whole, i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent ${EQ} p.part
      JOIN pg_catalog.pg_class c ON c.oid ${EQ} i.inhrelid AND c.relispartition)
  SELECT 'partition', ${full("n.nspname", "c.relname")}, ${full("m.nspname", "t.relname")}, NULL
  FROM part p JOIN pg_catalog.pg_class c ON c.oid ${EQ} p.whole JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} c.relnamespace
    JOIN pg_catalog.pg_class t ON t.oid ${EQ} p.part JOIN pg_catalog.pg_namespace m ON m.oid ${EQ} t.relnamespace
  WHERE ${inSchemas(schemas)} AND ${kindIn("t.relkind", ["r", "p"])} AND ${isWritable("t.relname")}
    AND ${isWritable("m.nspname")}`;
}

/** Columns of a composite type, with their fields. @param tables where they are certain; empty: of any table */
function fields(schemas: readonly string[], tables: readonly string[]): string {
  const named = tables.length === 0 ? "" : ` AND ${isIn("c.relname", tables, "name")}`;
  return `SELECT 'field', ${full("n.nspname", "c.relname")}, a.attname::pg_catalog.text, f.attname::pg_catalog.text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid ${EQ} c.oid AND a.attnum ${GT} 0::pg_catalog.int2 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid ${EQ} a.atttypid AND t.typtype ${EQ} 'c'::pg_catalog."char"
    JOIN pg_catalog.pg_attribute f ON f.attrelid ${EQ} t.typrelid AND f.attnum ${GT} 0::pg_catalog.int2 AND NOT f.attisdropped
  WHERE ${inSchemas(schemas)} AND ${kindIn("c.relkind", ["r", "p", "v", "m", "f"])}${named}`;
}

/** Functions and procedures, extensions' left out. */
function routines(schemas: readonly string[]): string {
  return `SELECT DISTINCT CASE p.prokind WHEN 'p'::pg_catalog."char" THEN 'procedure' ELSE 'function' END,
    ${full("n.nspname", "p.proname")}, NULL, NULL
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} p.pronamespace
  WHERE ${inSchemas(schemas)} AND ${isWritable("p.proname")} AND ${isNoMember(1255, "p.oid")}`;
}

/** Whether a type's input looks names up: no column of such a type is told. */
const looksUp = (type: string): string =>
  `(${["oid", "typelem", "typbasetype"].map((member) => `${type}.${member} ${EQ} ANY (ARRAY[${nameTypes}]::pg_catalog.oid[])`).join(" OR ")})`;

/**
 * Output columns of functions, one row an overload (funcapi.c, get_expr_result_type; chooseScalarFunctionAlias): a list
 * in JSON, or nothing where they are not certain. A single result that has no name is called '' here.
 */
function results(schemas: readonly string[], extensions: readonly string[]): string {
  // Longer lists than a message may be are left out.
  return `SELECT 'result', r.name, CASE WHEN pg_catalog.octet_length(r.columns) OPERATOR(pg_catalog.<) 60000 THEN r.columns END, NULL
  FROM (SELECT ${full("n.nspname", "p.proname")} AS name, CASE
      WHEN ${looksUp("t")} OR o.looks_up OR ${kindIn("t.typtype", ["c"])} AND EXISTS (
        SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid ${EQ} a.atttypid
        WHERE a.attrelid ${EQ} t.typrelid AND ${looksUp("y")}) THEN NULL
      WHEN pg_catalog.cardinality(o.names) ${GT} 1 THEN pg_catalog.array_to_json(o.names)::pg_catalog.text
      WHEN t.typtype ${EQ} 'c'::pg_catalog."char" THEN (
        SELECT pg_catalog.array_to_json(pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum))::pg_catalog.text
        FROM pg_catalog.pg_attribute a WHERE a.attrelid ${EQ} t.typrelid AND a.attnum ${GT} 0::pg_catalog.int2 AND NOT a.attisdropped)
      WHEN ${kindIn("t.typtype", ["b", "e", "r", "m"])} THEN
        pg_catalog.array_to_json(ARRAY[COALESCE(o.names[1], '')])::pg_catalog.text
    END AS columns
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} p.pronamespace
    JOIN pg_catalog.pg_type t ON t.oid ${EQ} p.prorettype
    CROSS JOIN LATERAL (
      SELECT pg_catalog.array_agg(u.name ORDER BY u.at) AS names, COALESCE(pg_catalog.bool_or(${looksUp("y")}), false) AS looks_up
      FROM ROWS FROM (pg_catalog.unnest(p.proargmodes), pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proallargtypes))
        WITH ORDINALITY u(mode, name, type, at) JOIN pg_catalog.pg_type y ON y.oid ${EQ} u.type
      WHERE ${kindIn("u.mode", ["o", "b", "t"])}) o
  WHERE (${inSchemas(schemas)}
      OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid ${EQ} d.refobjid
        WHERE ${memberOf(1255, "p.oid")} AND ${isIn("e.extname", extensions, "name")}))
    AND ${kindIn("p.prokind", ["f", "w", "a"])}) r`;
}

/**
 * Of every name that one of the extensions has: to which extension each thing of that name belongs, or none, in the
 * schemas of its namesakes and in the search path. Classes: 2617 pg_operator, 1255 pg_proc, 1247 pg_type.
 */
function owners(extensions: readonly string[]): string {
  const things = [
    ["operator", 2617, "pg_operator", "oprname", "oprnamespace", "true"],
    [
      "extension function",
      1255,
      "pg_proc",
      "proname",
      "pronamespace",
      `x.prokind ${NE} 'p'::pg_catalog."char"`,
    ],
    ["extension type", 1247, "pg_type", "typname", "typnamespace", `x.typtype ${NE} 'p'::pg_catalog."char"`],
  ] as const;
  const all = things.map(
    ([kind, classId, table, name, schema, filter]) =>
      `SELECT '${kind}' AS kind, x.${name} AS name, x.${schema} AS schema, e.extname AS owner
    FROM pg_catalog.${table} x LEFT JOIN (pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid ${EQ} d.refobjid)
      ON ${memberOf(classId, "x.oid")} WHERE ${filter}`,
  );
  return `WITH thing AS (${all.join("\n  UNION ALL ")}),
  named AS (SELECT DISTINCT t.kind, t.name FROM thing t WHERE ${isIn("t.owner", extensions, "name")})
  SELECT DISTINCT t.kind, ${full("n.nspname", "t.name")}, COALESCE(t.owner::pg_catalog.text, ''),
    CASE WHEN n.nspname ${EQ} ANY (pg_catalog.current_schemas(true)) THEN t.name::pg_catalog.text END
  FROM thing t JOIN named m ON m.kind ${EQ} t.kind AND m.name ${EQ} t.name JOIN pg_catalog.pg_namespace n ON n.oid ${EQ} t.schema
  WHERE ${isWritable("n.nspname")}`;
}

/** Of those settings, the ones that the server or a module of it knows: placeholders are not shown. */
function settings(names: readonly string[]): string {
  return `SELECT 'setting', pg_catalog.lower(s.name), NULL, NULL FROM pg_catalog.pg_settings s
  WHERE ${isIn("pg_catalog.lower(s.name)", names, "text")}`;
}
