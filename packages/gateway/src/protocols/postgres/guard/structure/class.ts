import { noPrivileges, orNone, builtinNumber, BUILTIN_SCHEMAS, ownedBy } from "./relation.ts";
import { among, eq, isBuiltin, nameArray } from "./sql.ts";
import type { Visible } from "./visible.ts";

/** Whether a relation has a parent that is shown. */
export function hasParent(visible: Visible, relation: string): string {
  return among(
    relation,
    `SELECT mh.inhrelid FROM pg_catalog.pg_inherits mh WHERE ${visible.relation("mh.inhparent")}`,
  );
}

/** Whether it has a child that is shown. */
function hasChild(visible: Visible, relation: string): string {
  return among(
    relation,
    `SELECT mh.inhparent FROM pg_catalog.pg_inherits mh WHERE ${visible.relation("mh.inhrelid")}`,
  );
}

/** Whether it has an index that is shown. */
export function hasIndex(visible: Visible, relation: string): string {
  return among(
    relation,
    `SELECT mi.indrelid FROM pg_catalog.pg_index mi WHERE ${visible.relation("mi.indexrelid")}`,
  );
}

/**
 * Whether a foreign key that is shown leads from it or to it. Those have triggers of the server's own, and clients (psql's
 * `\\d`) look for keys of tables with triggers alone; of any other trigger nothing shows.
 */
export function hasForeignKey(visible: Visible, relation: string): string {
  const ends = ["conrelid", "confrelid"].map(
    (end) =>
      `SELECT mk.${end} FROM pg_catalog.pg_constraint mk WHERE ${eq("mk.contype", `'f'::pg_catalog."char"`)} AND ${visible.constraint("mk.oid")}`,
  );
  return among(relation, ends.join(" UNION ALL "));
}

/** What a row that names a table says, where the table came with the server or `condition`, of `mt`, holds. */
export function ofTable(row: string, table: string, column: string, condition: string): string {
  const own = `EXISTS (SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} WHERE ${eq("mn.nspname", `${row}.schemaname`)} AND ${eq("mt.relname", `${row}.${table}`)} AND ${condition})`;
  return `(${row}.${column} AND (${among(`${row}.schemaname`, nameArray(BUILTIN_SCHEMAS))} OR ${own}))`;
}

/** Columns of pg_class that tell of other things than the relation: they say what is so of those that are shown. */
export const classColumns: Readonly<Record<string, (visible: Visible, row: string) => string>> = {
  relacl: noPrivileges,
  relowner: ownedBy("relowner"),
  reltablespace: builtinNumber("reltablespace"),
  reloftype: (visible, row) => orNone(visible.type(`${row}.reloftype`), `${row}.reloftype`),
  relhasindex: (visible, row) => `(${row}.relhasindex AND ${hasIndex(visible, `${row}.oid`)})`,
  relchecks: (visible, row) =>
    `CASE WHEN ${eq(`${row}.relchecks`, "0::pg_catalog.int2")} THEN ${row}.relchecks ELSE (SELECT pg_catalog.count(*)::pg_catalog.int2 FROM pg_catalog.pg_constraint mk WHERE ${eq("mk.conrelid", `${row}.oid`)} AND ${eq("mk.contype", `'c'::pg_catalog."char"`)} AND ${visible.constraint("mk.oid")}) END`,
  relnatts: (visible, row) =>
    `CASE WHEN ${among(`${row}.oid`, visible.partTables)} THEN (SELECT COALESCE(pg_catalog.max(ma.attnum), 0::pg_catalog.int2) FROM pg_catalog.pg_attribute ma WHERE ${eq("ma.attrelid", `${row}.oid`)} AND ${visible.ownAttribute("ma")}) ELSE ${row}.relnatts END`,
  relhasrules: (_, row) => `(${row}.relhasrules AND ${isBuiltin(`${row}.oid`)})`,
  relhastriggers: (visible, row) => `(${row}.relhastriggers AND ${hasForeignKey(visible, `${row}.oid`)})`,
  relhassubclass: (visible, row) => `(${row}.relhassubclass AND ${hasChild(visible, `${row}.oid`)})`,
  relispartition: (visible, row) => `(${row}.relispartition AND ${hasParent(visible, `${row}.oid`)})`,
  // Values of the partition key, which may be a hidden column; without a parent that is shown they mean nothing.
  relpartbound: (visible, row) =>
    `CASE WHEN ${visible.whole(`${row}.oid`)} AND ${hasParent(visible, `${row}.oid`)} THEN ${row}.relpartbound END`,
};
