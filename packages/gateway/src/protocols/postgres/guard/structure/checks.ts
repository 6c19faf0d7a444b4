import { among, either, eq, identifier, isBuiltin, oid, textArray } from "./sql.ts";
import { readableSettings, RESTRICTING } from "../statements/setting-rules.ts";
import { withQueries } from "./queries.ts";
import type { Visible } from "./visible.ts";

/** SQL as it is put together: text, and the keys of the gateway's own sub-selects (see Structure.fragment). */
export type Part = string | { readonly fragment: string };

/**
 * SQL that stands around a value and lets it through only where it is the number, or the name, of something that may be
 * seen; of anything else, NULL comes out. `before` and `after` enclose the value.
 */
export interface Check {
  readonly before: readonly Part[];
  readonly after: readonly Part[];
}

/**
 * What stands around a value. OFFSET 0 has the value computed once: PostgreSQL would otherwise put a copy of it wherever
 * the condition names it, each with a chance of its own, and many times over where checks stand in each other.
 * @param label what the column that comes out is called
 * @param other the text of another argument of the same call, where the check looks at that too
 */
export function checkOf(name: CheckName, label: string, other: string): Check {
  const condition: Part = { fragment: `${CHECK}${name}` };
  if (name === "text") return { before: [], after: ["::pg_catalog.text"] };
  const named = `(SELECT mf.a AS ${identifier(label)} FROM (SELECT (`;
  if (textual.has(name))
    return {
      before: ["(SELECT ", condition, ` AS ${identifier(label)} FROM (SELECT (`],
      after: [")::pg_catalog.text AS t OFFSET 0) mf)"],
    };
  const second =
    name === "column comment"
      ? `, (${other})::pg_catalog.int4 AS b`
      : name === "object"
        ? `, (${other})::pg_catalog.oid AS b`
        : name === "expression"
          ? `, (${other})::pg_catalog.text AS b`
          : "";
  return { before: [named], after: [`)::pg_catalog.oid AS a${second} OFFSET 0) mf WHERE `, condition, ")"] };
}

/** What the keys of checks' sub-selects begin with. */
export const CHECK = "check ";

export type CheckName =
  | "relation"
  | "whole"
  | "expression"
  | "column comment"
  | "constraint"
  | "object"
  | "type"
  | "function"
  | "schema"
  | "role"
  | "builtin"
  | "rooted"
  | "tree"
  | "relation by name"
  | "size by name"
  | "relation as text"
  | "whole as text"
  | "type by name"
  | "type as text"
  | "schema by name"
  | "schema as text"
  | "role by name"
  | "database by name"
  | "function by name"
  | "setting"
  | "setting that restricts"
  | "text";

/** Checks of a value as text, which may be a number or a name. */
const textual: ReadonlySet<CheckName> = new Set([
  "rooted",
  "tree",
  "relation by name",
  "size by name",
  "relation as text",
  "whole as text",
  "type by name",
  "type as text",
  "schema by name",
  "schema as text",
  "role by name",
  "database by name",
  "function by name",
  "setting",
  "setting that restricts",
]);

/** The sub-select of a check: a condition on `mf.a`, or what is found for the text `mf.t`. */
export function checkFragment(name: CheckName, visible: Visible): string {
  return `(${withQueries(`SELECT ${make(name, visible)}`, visible.queries)})`;
}

function make(name: CheckName, visible: Visible): string {
  switch (name) {
    case "relation":
      return numbered((value) => visible.relation(value));
    case "whole":
      return numbered((value) => visible.whole(value));
    case "expression":
      return expression(visible);
    case "column comment":
      return visible.column("mf.a", "mf.b");
    case "constraint":
      return numbered((value) => visible.constraint(value));
    case "object":
      return visible.object("mf.b", "mf.a", "0");
    case "type":
      return numbered((value) => visible.type(value));
    case "function":
      return numbered((value) => visible.function(value));
    case "schema":
      return numbered((value) =>
        among(value, `SELECT ms.oid FROM pg_catalog.pg_namespace ms WHERE ${visible.schema("ms")}`),
      );
    case "role":
      return numbered((value) => visible.role(value));
    case "builtin":
      return numbered((value) => isBuiltin(value));
    case "rooted":
      return named(relationNamed(withFamily(visible, "pg_partition_ancestors")));
    case "tree":
      return named(relationNamed(withFamily(visible, "pg_partition_tree")));
    case "relation by name":
      return named(relationNamed(visible.relation("mg.oid")));
    case "size by name":
      return named(relationNamed(visible.sized("mg.oid")));
    case "relation as text":
      return named(
        relationNamed(visible.relation("mg.oid"), "mg.oid::pg_catalog.regclass::pg_catalog.text"),
        "text",
      );
    case "whole as text":
      return named(
        relationNamed(visible.whole("mg.oid"), "mg.oid::pg_catalog.regclass::pg_catalog.text"),
        "text",
      );
    case "type by name":
      return named(typeNamed(visible));
    case "type as text":
      return named(typeNamed(visible, "my.oid::pg_catalog.regtype::pg_catalog.text"), "text");
    case "schema by name":
      return named(schemaNamed(visible, "ms.oid"));
    case "schema as text":
      return named(schemaNamed(visible, "ms.oid::pg_catalog.regnamespace::pg_catalog.text"), "text");
    case "role by name":
      return named(
        `SELECT mq.oid FROM pg_catalog.pg_roles mq WHERE ${visible.role("mq.oid")} AND ${either(eq("mq.oid::pg_catalog.text", "mf.t"), eq("pg_catalog.quote_ident(mq.rolname)", "mf.t"), eq("mq.rolname::pg_catalog.text", "mf.t"))} LIMIT 1`,
      );
    case "database by name":
      return named(
        `SELECT mq.oid FROM pg_catalog.pg_database mq WHERE ${either(isBuiltin("mq.oid"), eq("mq.datname", "pg_catalog.current_database()"))} AND ${either(eq("mq.oid::pg_catalog.text", "mf.t"), eq("mq.datname::pg_catalog.text", "mf.t"))} LIMIT 1`,
      );
    case "function by name":
      return named(
        `SELECT mq.oid FROM pg_catalog.pg_proc mq WHERE ${visible.function("mq.oid")} AND ${either(eq("mq.oid::pg_catalog.text", "mf.t"), eq("mq.oid::pg_catalog.regprocedure::pg_catalog.text", "mf.t"))} LIMIT 1`,
      );
    case "setting":
      return settingAmong(readableSettings);
    case "setting that restricts":
      return settingAmong([RESTRICTING]);
    default:
      throw new TypeError("nothing is asked of a text");
  }
}

/** A setting's name, where it is one of those: names of settings are the same in either case (guc.c, guc_name_compare). */
function settingAmong(names: readonly string[]): string {
  return `CASE WHEN ${among("pg_catalog.lower(mf.t)", textArray(names))} THEN mf.t END`;
}

function numbered(condition: (value: string) => string): string {
  return condition("mf.a");
}

/** Of a number or a name: the query is over `mf.t`, its text. Zero and "-" mean none to the reg* types, as they do there. */
function named(query: string, as: "oid" | "text" = "oid"): string {
  const none = as === "oid" ? oid(0) : "'-'::pg_catalog.text";
  return `CASE WHEN ${among("mf.t", textArray(["0", "-"]))} THEN ${none} ELSE (${query}) END`;
}

const isNumber = `mf.t OPERATOR(pg_catalog.~) '^[0-9]{1,10}$'::pg_catalog.text`;

/** A relation by number, or by name as the search path resolves it. */
function relationNamed(condition: string, gives = "mg.oid"): string {
  const byNumber = `SELECT ${gives} FROM pg_catalog.pg_class mg WHERE ${eq("mg.oid", "mf.t::pg_catalog.oid")} AND ${condition}`;
  const parts = `pg_catalog.parse_ident(mf.t)`;
  const byName = `SELECT ${gives} FROM pg_catalog.pg_class mg JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mg.relnamespace")} CROSS JOIN (SELECT ${parts} AS p) mi WHERE CASE pg_catalog.cardinality(mi.p) WHEN 1 THEN ${eq("mg.relname", "mi.p[1]::pg_catalog.name")} AND pg_catalog.pg_table_is_visible(mg.oid) WHEN 2 THEN ${eq("mn.nspname", "mi.p[1]::pg_catalog.name")} AND ${eq("mg.relname", "mi.p[2]::pg_catalog.name")} ELSE false END AND ${condition}`;
  return `SELECT CASE WHEN ${isNumber} THEN (${byNumber}) ELSE (${byName}) END`;
}

/** A relation of whose partitions, or parents, nothing is hidden. */
function withFamily(visible: Visible, relatives: "pg_partition_ancestors" | "pg_partition_tree"): string {
  const hidden = `SELECT FROM pg_catalog.${relatives}(mg.oid::pg_catalog.regclass) mp WHERE NOT ${visible.relation("mp.relid")}`;
  return `${visible.relation("mg.oid")} AND NOT EXISTS (${hidden})`;
}

/** A type by number, or as its name is written; a schema in it must be one that may be seen, or PostgreSQL would tell of it. */
function typeNamed(visible: Visible, gives = "my.oid"): string {
  const schemas = textArray(["pg_catalog", "information_schema", ...visible.named.schemas]);
  const prefix = `pg_catalog.btrim(pg_catalog.split_part(mf.t, '.', 1), ' "')`;
  // A modifier is looked at after the name, and refused in words that say whether there is such a type.
  const number = `CASE WHEN ${isNumber} THEN mf.t::pg_catalog.oid WHEN pg_catalog.strpos(mf.t, '(') OPERATOR(pg_catalog.>) 0 AND NOT mf.t OPERATOR(pg_catalog.~) '^ *(pg_catalog\\.)?(character varying|varchar|character|char|bpchar|numeric|decimal|bit|bit varying|varbit|float|time|timestamp|timetz|timestamptz|interval) *[(]'::pg_catalog.text THEN NULL WHEN ${eq("pg_catalog.strpos(mf.t, '.')", "0")} OR ${among(prefix, schemas)} THEN pg_catalog.to_regtype(mf.t)::pg_catalog.oid END`;
  return `SELECT ${gives} FROM pg_catalog.pg_type my WHERE ${eq("my.oid", `(${number})`)} AND ${visible.type("my.oid")}`;
}

function schemaNamed(visible: Visible, gives: string): string {
  return `SELECT ${gives} FROM pg_catalog.pg_namespace ms WHERE ${visible.schema("ms")} AND ${either(eq("ms.oid::pg_catalog.text", "mf.t"), eq("pg_catalog.quote_ident(ms.nspname)", "mf.t"), eq("ms.nspname::pg_catalog.text", "mf.t"))} LIMIT 1`;
}

/**
 * The relation by which an expression's columns are named: one that is seen whole; or one seen in part, for an expression
 * that names no column (nodes/outfuncs.c writes each as {VAR …}).
 */
function expression(visible: Visible): string {
  const plain = `${eq(`pg_catalog.strpos(mf.b, '{VAR ')`, "0")} AND ${visible.relation("mf.a")}`;
  return either(visible.whole("mf.a"), `(${plain})`);
}
