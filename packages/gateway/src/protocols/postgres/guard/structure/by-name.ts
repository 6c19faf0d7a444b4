import { bySchema } from "./named.ts";
import { pairsOf } from "./queries.ts";
import { among, charArray, either, eq, nameArray, quoted } from "./sql.ts";

/** What may be named in a scope's `tables`: no index, no composite type. */
const TABLE_KINDS = charArray("rvmfpS");
export const NOTHING = "SELECT 0::pg_catalog.oid WHERE false";

/** Whether a column of that number, of a table of that number, is one that the scope names. */
export function seenColumn(table: string, number: string): string {
  return `(${table}, ${number}) OPERATOR(pg_catalog.=) ANY (${pairsOf("columns")})`;
}

export function inSchemas(
  names: ReadonlyMap<string, ReadonlySet<string>>,
  schema: string,
  name: string,
): string {
  return either(
    ...[...names].map(
      ([each, list]) => `(${eq(schema, schemaOf(each))} AND ${among(name, nameArray(list))})`,
    ),
  );
}

function schemaOf(name: string): string {
  return `(SELECT mn.oid FROM pg_catalog.pg_namespace mn WHERE ${eq("mn.nspname", `${quoted(name)}::pg_catalog.name`)})`;
}

export function tablesNamed(names: ReadonlyMap<string, ReadonlySet<string>>): string {
  if (names.size === 0) return NOTHING;
  return `SELECT mt.oid FROM pg_catalog.pg_class mt WHERE ${among("mt.relkind", TABLE_KINDS)} AND ${inSchemas(names, "mt.relnamespace", "mt.relname")}`;
}

/** The number of one table. */
export function tableOf(full: string): string {
  return `(${tablesNamed(bySchema([full]))})`;
}
