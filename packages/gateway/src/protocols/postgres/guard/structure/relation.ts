import { among, either, eq, isBuiltin, nameArray, oid } from "./sql.ts";
import type { Visible } from "./visible.ts";

/** How one relation of the catalogue is shown. */
export interface Relation {
  /** Which of its rows: a condition on the item of that name. */
  rows(visible: Visible, row: string): string;
  /** Columns that show something else than they hold, in SQL: privileges, source text, values. */
  readonly columns?: Readonly<Record<string, (visible: Visible, row: string) => string>>;
  /** Only these are shown, all others as NULL of that type. */
  readonly only?: { readonly columns: readonly string[]; readonly type: (column: string) => string };
  /** The order in which a server usually gives them: some clients rely on it. */
  readonly order?: readonly string[];
}

export const builtin: Relation = { rows: (_, row) => isBuiltin(`${row}.oid`) };
export const everything: Relation = { rows: () => "true" };
export const nothing: Relation = { rows: () => "false" };

export const none =
  (type: string): (() => string) =>
  () =>
    `NULL::pg_catalog.${type}`;
/** As text: beside a value of aclitem a text would be read as one, and a role in it looked up by name. */
export const noPrivileges = none("text[]");
/** Nothing, and no privileges of what is not there: in comparisons they are of one type with others. */
export const nothingBeside = (privileges: string): Relation => ({
  ...nothing,
  columns: { [privileges]: noPrivileges },
});
export const noCharacters = (): string => "NULL::information_schema.character_data";
/** Shown of objects that came with the server alone. */
export const ofBuiltin =
  (column: string, number = "oid") =>
  (_: Visible, row: string): string =>
    `CASE WHEN ${isBuiltin(`${row}.${number}`)} THEN ${row}.${column} END`;

/** The owner's number, of roles that are shown alone. */
export const ownedBy =
  (column: string) =>
  (visible: Visible, row: string): string =>
    orNone(visible.role(`${row}.${column}`), `${row}.${column}`);
/** A role by its name, where it is shown. */
export const roleNamed =
  (column: string) =>
  (visible: Visible, row: string): string =>
    `CASE WHEN ${among(`${row}.${column}::pg_catalog.name`, `SELECT mq.rolname FROM pg_catalog.pg_roles mq WHERE ${visible.role("mq.oid")}`)} THEN ${row}.${column} END`;

/** A number where a condition holds; else 0, which is the number of nothing. */
export function orNone(condition: string, number: string): string {
  return `CASE WHEN ${condition} THEN ${number} ELSE ${oid(0)} END`;
}

/** The number of what came with the server. */
export const builtinNumber =
  (column: string) =>
  (_: Visible, row: string): string =>
    orNone(isBuiltin(`${row}.${column}`), `${row}.${column}`);

/** The name of a tablespace that came with the server. */
export const builtinTablespace = (_: Visible, row: string): string =>
  `CASE WHEN ${among(`${row}.tablespace`, nameArray(["pg_default", "pg_global"]))} THEN ${row}.tablespace END`;

/** Zero, of the type that a number has: one of the catalogue's may differ from version to version. */
export const zeroOf = (number: string): string => `(${number} OPERATOR(pg_catalog.-) ${number})`;

/** Builtin objects, and who owns them. */
export const builtinOf = (owner: string): Relation => ({ ...builtin, columns: { [owner]: ownedBy(owner) } });

/** Builtin objects, without what the column of privileges says. */
export const builtinWithout = (privileges: string, owner: string): Relation => ({
  ...builtin,
  columns: { [privileges]: noPrivileges, [owner]: ownedBy(owner) },
});

export const BUILTIN_SCHEMAS = ["pg_catalog", "information_schema"];

/** Rows that name a table by schema and name. */
export function tableNamed(visible: Visible, schema: string, table: string): string {
  const own = `SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} WHERE ${eq("mn.nspname", `${schema}::pg_catalog.name`)} AND ${eq("mt.relname", `${table}::pg_catalog.name`)} AND ${among("mt.oid", visible.tables)}`;
  return either(among(`${schema}::pg_catalog.name`, nameArray(BUILTIN_SCHEMAS)), `EXISTS (${own})`);
}

/** Rows that name a column by schema, table and name. */
export function columnNamed(visible: Visible, schema: string, table: string, column: string): string {
  const own = `SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} JOIN pg_catalog.pg_attribute mv ON ${eq("mv.attrelid", "mt.oid")} WHERE ${eq("mn.nspname", `${schema}::pg_catalog.name`)} AND ${eq("mt.relname", `${table}::pg_catalog.name`)} AND ${eq("mv.attname", `${column}::pg_catalog.name`)} AND ${visible.ownAttribute("mv")}`;
  return either(among(`${schema}::pg_catalog.name`, nameArray(BUILTIN_SCHEMAS)), `EXISTS (${own})`);
}

/** Rows that name a constraint by schema and name: none of that name may be hidden, since those rows name no table. */
export function constraintNamed(visible: Visible, schema: string, name: string): string {
  const same = `FROM pg_catalog.pg_constraint mk JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mk.connamespace")} WHERE ${eq("mn.nspname", `${schema}::pg_catalog.name`)} AND ${eq("mk.conname", `${name}::pg_catalog.name`)}`;
  return `(EXISTS (SELECT ${same}) AND NOT EXISTS (SELECT ${same} AND NOT ${visible.constraint("mk.oid")}))`;
}

/** Whether a type, by schema and name, may be seen. */
export function typeNamedBy(visible: Visible, schema: string, name: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_type my JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "my.typnamespace")} WHERE ${eq("mn.nspname", `${schema}::pg_catalog.name`)} AND ${eq("my.typname", `${name}::pg_catalog.name`)} AND ${visible.type("my.oid")})`;
}

/** Rows that name a sequence by schema and name. */
export function sequenceNamed(visible: Visible, schema: string, name: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} WHERE ${eq("mn.nspname", `${schema}::pg_catalog.name`)} AND ${eq("mt.relname", `${name}::pg_catalog.name`)} AND ${eq("mt.relkind", `'S'::pg_catalog."char"`)} AND ${either(among("mt.oid", visible.sequences), among("mt.oid", visible.tables))})`;
}

/** Whether a column, by the names of its table, belongs to a table that is seen whole. */
export function isOfWhole(visible: Visible, row: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} WHERE ${eq("mn.nspname", `${row}.table_schema::pg_catalog.name`)} AND ${eq("mt.relname", `${row}.table_name::pg_catalog.name`)} AND ${among("mt.oid", visible.fullTables)})`;
}

/** Whether a specific_name of information_schema, `name_number`, is of a function that may be seen. */
export function functionNamed(visible: Visible, schema: string, specific: string): string {
  const own = `SELECT pg_catalog.concat(mp.proname, '_', mp.oid) FROM pg_catalog.pg_proc mp WHERE ${among("mp.oid", visible.functions)}`;
  return either(
    among(`${schema}::pg_catalog.name`, nameArray(BUILTIN_SCHEMAS)),
    visible.named.functions.size === 0 ? "false" : among(`${specific}::pg_catalog.text`, own),
  );
}

export const byTable: Relation = {
  rows: (visible, row) => tableNamed(visible, `${row}.table_schema`, `${row}.table_name`),
};
export const byColumn: Relation = {
  rows: (visible, row) =>
    columnNamed(visible, `${row}.table_schema`, `${row}.table_name`, `${row}.column_name`),
};
export const viewText = { view_definition: noCharacters };

/** Which tables there are, and no figure of them. */
export const statistics: Relation = {
  rows: (visible, row) => among(`${row}.relid`, visible.tables),
  only: {
    columns: ["relid", "schemaname", "relname"],
    type: (column) =>
      column.startsWith("last_") ? "timestamptz" : column.startsWith("total_") ? "float8" : "int8",
  },
};
