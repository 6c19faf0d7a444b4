import {
  driverLookups,
  driverRelations,
  isCatalogue,
  isCatalogueName,
  openInformation,
  openRelations,
  sessionRelations,
} from "./catalogue.ts";
import type { Columns, Compiled, TableGrant } from "../compile.ts";
import { renamedSizes } from "../deaf/size.ts";
import { ofCatalogue, tableSizes } from "../deaf/table-sizes.ts";
import { checkView } from "./leaks.ts";
import type { Range } from "./naming.ts";
import { showsMasked, withMasked } from "./masked.ts";
import { notGranted, notListed } from "./not-granted.ts";
import { type Fields, names, open, text } from "../syntax/nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "../denied.ts";
import type { StatementKind } from "../../scope.ts";
import type { Changes } from "../structure/changes.ts";
import { TEMPORARY_SCHEMA } from "../search-path.ts";
import { temporaryGrant, usesTemporary } from "../temporary/temporary.ts";
import { isCommon, openName, type Structure } from "../structure/structure.ts";
import { renamed, type Walk } from "../syntax/walk.ts";

/** A table's full name, as the fixed search path resolves it. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
  /** `schema.name`. */
  readonly full: string;
  /** Whether it is a temporary table of the session's own. */
  readonly isTemporary: boolean;
}

/** Resolves the name of a RangeVar. @throws GuardDenied for other databases, unlogged tables and no search path */
export function resolveTable(relation: Fields, scope: Compiled): TableName {
  if (relation.catalogname !== undefined) refuse("tables", "a table's name with a database in it is refused");
  if (text(relation.relpersistence) !== "p")
    refuse("tables", "temporary and unlogged tables are not granted");
  const name = text(relation.relname);
  const given = text(relation.schemaname);
  if (isTemporaryName(given, name, scope))
    return { schema: TEMPORARY_SCHEMA, name, full: `${TEMPORARY_SCHEMA}.${name}`, isTemporary: true };
  const schema = given !== "" ? given : isCatalogueName(name) ? "pg_catalog" : scope.searchPath[0];
  if (schema === undefined)
    refuseMistake("tables", `table ${shown(name)} needs its schema`, "write schema.table");
  return { schema, name, full: `${schema}.${name}`, isTemporary: false };
}

/** Whether a name means a temporary table: it says so, or nothing that the grant lists or the catalogue has is called so. */
function isTemporaryName(given: string, name: string, { temporary, searchPath }: Compiled): boolean {
  if (!usesTemporary(temporary)) return false;
  if (given !== "") return given === TEMPORARY_SCHEMA;
  return !isCatalogueName(name) && temporary?.reserved.has(`${searchPath[0] ?? ""}.${name}`) !== true;
}

/** Resolves the name of a table that the statement uses, and has it sent on as nothing else. @throws GuardDenied */
export function useTable(relation: Fields, { scope, changes }: Pick<Walk, "scope" | "changes">): TableName {
  const table = resolveTable(relation, scope);
  if (table.isTemporary && relation.schemaname === undefined) changes.temporary.add(relation);
  changes.tables.add(table.full);
  return table;
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
export function tableRange(relation: Fields, table: TableName, columns: Columns, scope: Compiled): Range {
  const alias = aliasOf(relation.alias);
  const aliases = alias?.columns ?? [];
  if (columns !== "all" && aliases.length > 0)
    refuse(
      "columns",
      `renaming the columns of ${shown(table.full)} by position is not granted: ${[...columns].join(", ")} are`,
      "leave the alias's column list out",
    );
  const lookups = lookupsOf(table, scope);
  const seen = scope.database.columns.get(table.full);
  return {
    name: alias?.name ?? table.name,
    ...(alias === undefined ? { schema: table.schema } : {}),
    kind: columns === "all" ? "open" : "limited",
    columns: columns === "all" ? (aliases.length > 0 ? aliases : (seen ?? [])) : listedColumns(columns, seen),
    areSeen: seen !== undefined,
    isTold: columns !== "all" || (aliases.length === 0 && seen !== undefined),
    sizes: renamedSizes(tableSizes(table, scope), aliases, undefined),
    table: shown(table.full),
    ...(lookups === undefined ? {} : { lookups: renamedLookups(lookups, aliases) }),
    ...(aliases.length > 0 ? {} : columnTypes(table, scope)),
  };
}

/** Its columns of types that matter. */
function columnTypes({ full }: TableName, { database }: Compiled): Pick<Range, "fields" | "arrays"> {
  const fields = database.found.fields.get(full);
  const arrays = database.arrays.get(full);
  return { ...(fields === undefined ? {} : { fields }), ...(arrays === undefined ? {} : { arrays }) };
}

/** Of the columns that are granted those that the table has, where the database has said which. Each has system columns. */
function listedColumns(listed: Iterable<string>, seen: readonly string[] | undefined): readonly string[] {
  const all = [...listed];
  return seen === undefined ? all : all.filter((name) => seen.includes(name) || systemColumns.has(name));
}

const systemColumns: ReadonlySet<string> = new Set(["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"]);

/** The table's columns whose type looks names up, where the scope does not grant that. */
export function lookupsOf(table: TableName, scope: Compiled): ReadonlySet<string> | undefined {
  if (scope.catalog) return undefined;
  return table.schema === "pg_catalog"
    ? driverLookups.get(table.name)
    : scope.database.lookups.get(table.full);
}

/** An alias's column list renames by position, so that any of its names may mean such a column. */
function renamedLookups(lookups: ReadonlySet<string>, aliases: readonly string[]): ReadonlySet<string> {
  return aliases.length === 0 ? lookups : new Set([...lookups, ...aliases]);
}

/** Judges reading a table, and gives what of it may be used. */
export function readTable(relation: Fields, { scope, changes }: Pick<Walk, "scope" | "changes">): Range {
  const table = useTable(relation, { scope, changes });
  if (table.isTemporary) return tableRange(relation, table, "all", scope);
  if (isCatalogue(table.schema)) return readCatalogue(relation, table, scope, changes);
  if (table.schema.startsWith("pg_")) refuseForever("catalog", `${shown(table.full)} is never granted`);
  const grant = grantFor(table, "select", "select", scope);
  const columns = grant.select ?? notGranted("select", table, scope);
  return withMasked(tableRange(relation, table, columns, scope), table.full, grant);
}

function readCatalogue(relation: Fields, table: TableName, scope: Compiled, changes: Changes): Range {
  if (table.schema === "pg_catalog" && sessionRelations.has(table.name))
    return readSession(relation, table, scope);
  const opened = table.schema === "pg_catalog" ? openRelations : openInformation;
  const openAs = scope.catalog ? openName(table.full) : undefined;
  if (openAs !== undefined && scope.common !== undefined)
    return readStructure(relation, table, scope.common, changes, openAs);
  if (scope.catalog && opened.has(table.name)) return tableRange(relation, table, "all", scope);
  if (scope.structure !== undefined) return readStructure(relation, table, scope.structure, changes);
  if (scope.common !== undefined && isCommon(table.full))
    return readStructure(relation, table, scope.common, changes);
  const always = table.schema === "pg_catalog" ? driverRelations.get(table.name) : undefined;
  if (always !== undefined) return tableRange(relation, table, always, scope);
  if (opened.has(table.name))
    refuse("catalog", `${shown(table.full)} is not granted`, "it needs an operation with catalog: true");
  return refuseForever("catalog", `${shown(table.full)} is never granted`);
}

/** A relation that shows what this session has. */
function readSession(relation: Fields, table: TableName, scope: Compiled): Range {
  if (!scope.catalog && (scope.runsOwnCode || scope.database.hidesPlans))
    refuse(
      "catalog",
      `${shown(table.full)} could show what functions of the database's own run`,
      "it needs an operation with catalog: true",
    );
  return tableRange(relation, table, "all", scope);
}

/** A relation of the catalogue, of which a sub-select that shows what is granted goes on in its place. */
function readStructure(
  relation: Fields,
  table: TableName,
  structure: Structure,
  changes: Changes,
  name = table.full,
): Range {
  const shownAs = structure.relation(name, changes.withTableoid);
  if (shownAs === undefined) {
    if (openRelations.has(table.name) || openInformation.has(table.name))
      refuse(
        "catalog",
        `${shown(table.full)} shows more than what is granted`,
        "it needs an operation with catalog: true",
      );
    refuseForever("catalog", `${shown(table.full)} is never granted`);
  }
  changes.items.set(relation, name);
  const alias = aliasOf(relation.alias);
  const range: Range = {
    name: table.name,
    ...(alias === undefined ? { schema: table.schema, isShown: true } : {}),
    kind: "closed",
    columns: shownAs.columns,
    sizes: ofCatalogue,
    table: shown(table.full),
    ...(shownAs.lookups.size === 0 ? {} : { lookups: renamedLookups(shownAs.lookups, alias?.columns ?? []) }),
  };
  return alias === undefined ? range : renamed(range, alias.name, alias.columns);
}

/** The table's entry in the scope, where the statement's kind is granted too. @throws GuardDenied */
export function grantFor(
  table: TableName,
  kind: StatementKind,
  use: "select" | "insert" | "update" | "delete" | "truncate" | "refresh",
  scope: Compiled,
): TableGrant {
  if (table.isTemporary) return use === "refresh" ? notGranted(kind, table, scope) : temporaryGrant;
  if (isCatalogue(table.schema) && kind === "copy_to")
    refuseMistake(
      "catalog",
      `COPY of ${shown(table.full)} by its name is never granted`,
      "copy what a query reads of it: COPY (SELECT …) TO STDOUT",
    );
  if (isCatalogue(table.schema) && kind !== "select")
    refuseForever("catalog", `${shown(table.full)} is never written`);
  if (!scope.statements.has(kind)) notGranted(kind, table, scope);
  const grant = scope.tables.get(table.full);
  if (grant === undefined) notListed(table, scope);
  if (grant[use] === undefined || grant[use] === false) notGranted(kind, table, scope);
  if (grant.shows !== undefined) throw showsMasked(table.full, grant.shows);
  checkView(table.full, grant, scope);
  return grant;
}

/** @throws GuardDenied when the column may not be used that way */
export function checkTarget(
  column: string,
  columns: Columns,
  verb: string,
  table: TableName,
  scope: Compiled,
): void {
  if (columns !== "all" && !columns.has(column))
    refuse(
      "columns",
      `${verb} of column ${shown(column)} of ${shown(table.full)} is not granted: ${[...columns].join(", ")} are`,
    );
  if (lookupsOf(table, scope)?.has(column) === true)
    refuse("types", `${verb} of column ${shown(column)} of ${shown(table.full)} would look a name up`);
}
