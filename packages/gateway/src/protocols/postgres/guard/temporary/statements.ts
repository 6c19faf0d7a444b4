import { checkType } from "../expressions/calls.ts";
import { type Level, type Range, wholeRow } from "../names/naming.ts";
import { readTable, resolveTable, useTable } from "../names/tables.ts";
import { refuse, refuseForever, refuseMistake, shown } from "../denied.ts";
import { TEMPORARY_SCHEMA } from "../search-path.ts";
import { as, type Fields, kindOf, list, names, one, open, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { usesTemporary } from "./temporary.ts";

/**
 * Judges what makes or drops temporary tables.
 * @returns false for every other statement, which is judged elsewhere
 * @throws GuardDenied when the scope does not cover it
 */
export function checkTemporary(node: unknown, walk: Walk): boolean {
  switch (kindOf(node)) {
    case "CreateStmt":
      if (!isTemporary(membersOf(node, "CreateStmt").relation)) return false;
      allow(walk);
      checkCreate(one(node).fields, walk);
      return true;
    case "CreateTableAsStmt": {
      const { into } = membersOf(node, "CreateTableAsStmt");
      if (!isTemporary((into as { readonly rel?: unknown } | undefined)?.rel)) return false;
      allow(walk);
      checkCreateAs(one(node).fields, walk);
      return true;
    }
    case "DropStmt":
      if (!usesTemporary(walk.scope.temporary)) return false;
      if (membersOf(node, "DropStmt").removeType !== "OBJECT_TABLE") return false;
      checkDrop(one(node).fields, walk);
      return true;
    default:
      return false;
  }
}

/** The members of a statement, before it is known whether the guard handles all of them. */
function membersOf(node: unknown, kind: string): Fields {
  const members = (node as Readonly<Record<string, unknown>>)[kind];
  return typeof members === "object" && members !== null ? (members as Fields) : {};
}

function isTemporary(relation: unknown): boolean {
  if (typeof relation !== "object" || relation === null) return false;
  const { relpersistence, schemaname } = relation as Fields;
  return relpersistence === "t" || schemaname === TEMPORARY_SCHEMA;
}

/** @throws GuardDenied where the operation grants no temporary tables, or the database speaks against them */
function allow({ scope }: Walk): void {
  if (usesTemporary(scope.temporary)) return;
  if (scope.temporary?.isGranted === true)
    refuseForever(
      "statements",
      `temporary tables are refused in this session: ${scope.temporary.refused ?? ""}`,
    );
  refuse(
    "statements",
    "temporary tables are not granted",
    "it needs an operation with temporary_tables: true",
  );
}

/** The name of a table that is made: none that means another one. */
function checkName(relation: unknown, walk: Walk): string {
  const { relpersistence, ...rest } = open("RangeVar", relation);
  const named = { ...rest, relpersistence: relpersistence === "t" ? "p" : relpersistence };
  const table = resolveTable(named, walk.scope);
  // With the schema written it would be clear which one is meant; without it, it would not.
  const bare = resolveTable({ ...named, schemaname: "" }, walk.scope);
  if (!table.isTemporary || !bare.isTemporary || rest.alias !== undefined)
    refuseMistake(
      "tables",
      `a temporary table cannot be called ${shown(table.name)} here: that name means ${shown(table.isTemporary ? bare.full : table.full)}`,
      "give it another name",
    );
  return table.name;
}

/** CREATE TEMPORARY TABLE with its columns. What hangs on a table that is not temporary is refused. */
function checkCreate(create: Fields, walk: Walk): void {
  const name = checkName(create.relation, walk);
  const elements = list(create.tableElts).map((element) => elementOf(element));
  const columns = elements.flatMap(({ kind, fields }) =>
    kind === "ColumnDef" ? [text(fields.colname)] : [],
  );
  const isLike = elements.some(({ kind }) => kind === "TableLikeClause");
  // What columns it takes over from another table is the database's to say: all of them may be used.
  const row: Range = { name, kind: isLike ? "open" : "closed", columns, table: shown(name) };
  const level: Level = { ranges: [row], outer: undefined };
  for (const { kind, fields } of elements) {
    if (kind === "ColumnDef") checkColumn(fields, level, walk);
    else if (kind === "Constraint") checkConstraint(fields, level, walk);
    else if (kind === "TableLikeClause") wholeRow(readTable(open("RangeVar", fields.relation), walk));
    else
      refuseForever("statements", "this form of CREATE TEMPORARY TABLE is never granted", "name the columns");
  }
}

/** One element of a table's definition. LIKE copies names, types and NOT NULL; what INCLUDING adds could run code. */
function elementOf(element: unknown): ReturnType<typeof one> {
  const like = membersOf(element, "TableLikeClause");
  if (like.options !== undefined)
    refuseForever("statements", "LIKE … INCLUDING is never granted", "leave INCLUDING out");
  return one(element);
}

/** What PostgreSQL makes an integer of, with a sequence (transformColumnDefinition). */
const serials: ReadonlySet<string> = new Set([
  "serial",
  "serial2",
  "serial4",
  "serial8",
  "smallserial",
  "bigserial",
]);

function checkColumn(column: Fields, level: Level, walk: Walk): void {
  if (column.collClause !== undefined)
    refuseForever("statements", "a collation of a temporary table's column is never granted");
  const type = open("TypeName", column.typeName);
  const [bare = "", ...more] = names(type.names);
  const isSerial = more.length === 0 && serials.has(bare) && type.arrayBounds === undefined;
  if (!isSerial) checkType(type, walk.scope);
  for (const constraint of list(column.constraints))
    checkConstraint(open("Constraint", as("Constraint", constraint)), level, walk);
}

/** Constraints that look at the table itself, or at other temporary ones. */
function checkConstraint(constraint: Fields, level: Level, walk: Walk): void {
  switch (text(constraint.contype)) {
    case "CONSTR_NULL":
    case "CONSTR_NOTNULL":
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
    case "CONSTR_IDENTITY":
    case "CONSTR_ATTR_DEFERRABLE":
    case "CONSTR_ATTR_NOT_DEFERRABLE":
    case "CONSTR_ATTR_DEFERRED":
    case "CONSTR_ATTR_IMMEDIATE":
      names(constraint.keys);
      if (constraint.raw_expr !== undefined) refuseForever("grammar", "this constraint is not understood");
      return;
    case "CONSTR_DEFAULT":
      return walk.expression(constraint.raw_expr, { ranges: [], outer: undefined }, undefined);
    case "CONSTR_CHECK":
    case "CONSTR_GENERATED":
      return walk.expression(constraint.raw_expr, level, undefined);
    case "CONSTR_FOREIGN":
      return checkReference(constraint, walk);
    default:
      return refuseForever(
        "statements",
        "this constraint of a temporary table is never granted",
        "leave it out",
      );
  }
}

/** A foreign key, which PostgreSQL lets a temporary table have to temporary tables alone. */
function checkReference(constraint: Fields, walk: Walk): void {
  for (const columns of [constraint.pk_attrs, constraint.fk_attrs, constraint.fk_del_set_cols])
    names(columns);
  const table = useTable(open("RangeVar", constraint.pktable), walk);
  if (!table.isTemporary)
    refuseForever(
      "statements",
      `a temporary table may not refer to ${shown(table.full)}`,
      "leave REFERENCES out",
    );
}

/** CREATE TEMPORARY TABLE … AS: what it reads is judged as a sub-select is. */
function checkCreateAs(create: Fields, walk: Walk): void {
  const into = open("IntoClause", create.into);
  checkName(into.rel, walk);
  names(into.colNames);
  if (text(create.objtype) !== "OBJECT_TABLE" || kindOf(create.query) !== "SelectStmt")
    refuseForever("statements", "this form of CREATE TEMPORARY TABLE is never granted", "write AS SELECT");
  walk.query(create.query, undefined, undefined);
}

/** DROP TABLE of temporary tables; whatever hangs on one is temporary too. */
function checkDrop(drop: Fields, walk: Walk): void {
  for (const object of list(drop.objects)) {
    const name = open("List", as("List", object));
    const parts = names(name.items);
    const [first = "", second] = parts;
    const relation = {
      relname: second ?? first,
      relpersistence: "p",
      ...(second === undefined ? {} : { schemaname: first }),
    };
    const table = parts.length > 2 ? undefined : resolveTable(relation, walk.scope);
    if (table?.isTemporary !== true)
      refuseForever(
        "statements",
        `DROP TABLE ${shown(table?.full ?? first)} is not granted by any operation`,
      );
    if (second === undefined) walk.changes.temporary.add(name);
  }
}
