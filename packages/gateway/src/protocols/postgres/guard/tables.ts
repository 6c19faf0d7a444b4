import {
  driverRelations,
  isCatalogue,
  isCatalogueName,
  openInformation,
  openRelations,
} from "./catalogue.ts";
import type { Columns, Compiled, TableGrant } from "./compile.ts";
import type { Range } from "./naming.ts";
import { type Fields, names, open, text } from "./nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "./refusal.ts";
import type { StatementKind } from "../scope.ts";

/** A table's full name, as the fixed search path resolves it. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
  /** `schema.name`. */
  readonly full: string;
}

/** Resolves the name of a RangeVar. @throws Refusal for other databases, temporary tables and no search path */
export function resolveTable(relation: Fields, scope: Compiled): TableName {
  if (relation.catalogname !== undefined) refuse("tables", "a table's name with a database in it is refused");
  if (text(relation.relpersistence) !== "p")
    refuse("tables", "temporary and unlogged tables are not granted");
  const name = text(relation.relname);
  const given = text(relation.schemaname);
  const schema = given !== "" ? given : isCatalogueName(name) ? "pg_catalog" : scope.searchPath[0];
  if (schema === undefined)
    refuseMistake("tables", `table ${shown(name)} needs its schema`, "write schema.table");
  return { schema, name, full: `${schema}.${name}` };
}

/** The name and column names of an alias, undefined when there is none. */
export function aliasOf(
  value: unknown,
): { readonly name: string; readonly columns: readonly string[] } | undefined {
  if (value === undefined) return undefined;
  const alias = open("Alias", value);
  return { name: text(alias.aliasname), columns: names(alias.colnames) };
}

/** An item of FROM for a table of which these columns may be used. */
export function tableRange(relation: Fields, table: TableName, columns: Columns): Range {
  const alias = aliasOf(relation.alias);
  const aliases = alias?.columns ?? [];
  if (columns !== "all" && aliases.length > 0)
    refuse(
      "columns",
      `renaming the columns of ${shown(table.full)} by position is not granted: ${[...columns].join(", ")} are`,
      "leave the alias's column list out",
    );
  return {
    name: alias?.name ?? table.name,
    ...(alias === undefined ? { schema: table.schema } : {}),
    kind: columns === "all" ? "open" : "limited",
    columns: columns === "all" ? aliases : [...columns],
    table: shown(table.full),
  };
}

/** Judges reading a table, and gives what of it may be used. */
export function readTable(relation: Fields, scope: Compiled): Range {
  const table = resolveTable(relation, scope);
  if (isCatalogue(table.schema)) return readCatalogue(relation, table, scope);
  if (table.schema.startsWith("pg_")) refuseForever("catalog", `${shown(table.full)} is never granted`);
  const grant = grantFor(table, "select", "select", scope);
  return tableRange(relation, table, grant.select ?? notGranted("select", table, scope));
}

function readCatalogue(relation: Fields, table: TableName, scope: Compiled): Range {
  const opened = table.schema === "pg_catalog" ? openRelations : openInformation;
  if (scope.catalog && opened.has(table.name)) return tableRange(relation, table, "all");
  const always = table.schema === "pg_catalog" ? driverRelations.get(table.name) : undefined;
  if (always !== undefined) return tableRange(relation, table, always);
  if (opened.has(table.name))
    refuse("catalog", `${shown(table.full)} is not granted`, "it needs an operation with catalog: true");
  return refuseForever("catalog", `${shown(table.full)} is never granted`);
}

/** The table's entry in the scope, where the statement's kind is granted too. @throws Refusal */
export function grantFor(
  table: TableName,
  kind: StatementKind,
  use: "select" | "insert" | "update" | "delete",
  scope: Compiled,
): TableGrant {
  if (isCatalogue(table.schema) && kind !== "select")
    refuseForever("catalog", `${shown(table.full)} is never written`);
  if (!scope.statements.has(kind)) notGranted(kind, table, scope);
  const grant = scope.tables.get(table.full);
  if (grant === undefined) {
    const granted = [...scope.tables.keys()].map(shown).slice(0, 12).join(", ");
    refuse(
      "tables",
      `table ${shown(table.full)} is not granted: ${scope.name} grants ${granted === "" ? "no table" : granted}`,
      otherSchema(table, scope),
    );
  }
  if (use === "delete" ? !grant.delete : grant[use] === undefined) notGranted(kind, table, scope);
  return grant;
}

function otherSchema(table: TableName, scope: Compiled): string | undefined {
  const same = [...scope.tables.keys()].find((full) => full.slice(full.indexOf(".") + 1) === table.name);
  return same === undefined ? undefined : `write ${shown(same)} if that is meant`;
}

/** @throws Refusal always: the statement's kind is not granted on that table */
export function notGranted(kind: StatementKind, table: TableName, scope: Compiled): never {
  return refuse(
    "statements",
    `${kind} on ${shown(table.full)} is not granted: ${scope.name} grants ${scope.scope.statements.join(", ")}`,
  );
}

/** @throws Refusal when the column may not be used that way */
export function checkTarget(column: string, columns: Columns, verb: string, table: TableName): void {
  if (columns === "all" || columns.has(column)) return;
  refuse(
    "columns",
    `${verb} of column ${shown(column)} of ${shown(table.full)} is not granted: ${[...columns].join(", ")} are`,
  );
}
