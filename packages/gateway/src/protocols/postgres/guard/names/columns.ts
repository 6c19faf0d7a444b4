import { outputColumns } from "../expressions/builtin.ts";
import { foundColumns } from "../found/results.ts";
import type { Compiled } from "../compile.ts";
import { informationFunctions } from "../structure/functions.ts";
import { useColumn } from "./bare.ts";
import { has, itemNamed, type Level, unqualified, useQualified, useWholeRow } from "./naming.ts";
import { as, type Fields, kindOf, list, names, one, text } from "../syntax/nodes.ts";
import { GuardDenied, refuseForever, refuseMistake, shown } from "../denied.ts";
import type { Walk, Withs } from "../syntax/walk.ts";
import type { Work } from "../work.ts";

/**
 * A column reference in an expression: `x`, `t.x`, `s.t.x`, or a whole row.
 * @returns whether its type looks names up
 * @throws GuardDenied when it is not granted
 */
export function checkColumn(reference: Fields, level: Level, walk: Walk): boolean {
  try {
    return checkName(reference, level, walk);
  } catch (error) {
    if (error instanceof GuardDenied && typeof reference.location === "number")
      error.place ??= reference.location;
    throw error;
  }
}

function checkName(reference: Fields, level: Level, walk: Walk): boolean {
  const parts = list(reference.fields);
  const star = kindOf(parts.at(-1)) === "A_Star";
  const [first, second, third, ...more] = names(star ? parts.slice(0, -1) : parts);
  if (more.length > 0 || (star && third !== undefined))
    refuseMistake("columns", "a column with that many qualifiers is refused");
  if (star) {
    if (first === undefined) refuseMistake("columns", "* is not permitted here");
    useWholeRow(second === undefined ? undefined : first, second ?? first, level, walk.work);
    if (second !== undefined) dropSchema(reference, first, second, level, walk);
    return false;
  }
  if (first === undefined) refuseMistake("grammar", "a column without a name is refused");
  if (second === undefined) return useColumn(first, level, walk.work);
  const functions = walk.scope.rowFunctions;
  if (third === undefined) return useQualified(undefined, first, second, level, functions, walk.work);
  dropSchema(reference, first, second, level, walk);
  return useQualified(first, second, third, level, functions, walk.work);
}

/** Has the schema left out before the name of an item that goes on as a sub-select, which has none. */
export function dropSchema(
  reference: Fields,
  schema: string,
  name: string,
  level: Level,
  { changes, work }: Walk,
): void {
  const range = itemNamed(schema, name, level, work);
  if (range.isShown !== true) return;
  if (itemNamed(undefined, name, level, work) !== range)
    refuseMistake(
      "catalog",
      `${shown(`${schema}.${name}`)} goes on as a sub-select, and its name could then mean another table`,
      "give it an alias",
    );
  changes.unqualified.add(reference);
}

/**
 * `(x).field`, `x[1]` and chains of them. PostgreSQL also calls a function by that notation, `(10.0).pg_sleep`
 * (ParseFuncOrColumn), on anything that has no such column: so a field must be one that the row has for certain.
 */
export function checkIndirection(node: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const steps = list(node.indirection);
  const field = as("String", steps[0]);
  if (field !== undefined && isField(node.arg, text(field.sval), level, walk)) {
    const base = as("ColumnRef", node.arg);
    if (base === undefined || list(base.fields).length > 1) walk.expression(node.arg, level, withs);
    return checkSteps(steps.slice(1), level, withs, walk);
  }
  const column = as("ColumnRef", node.arg);
  if (
    field !== undefined &&
    column !== undefined &&
    isFieldOfColumn(column, text(field.sval), level, walk.work)
  ) {
    if (!checkColumn(column, level, walk)) return checkSteps(steps.slice(1), level, withs, walk);
  }
  walk.expression(node.arg, level, withs);
  checkSteps(steps, level, withs, walk);
}

/** Whether an expression is a row with that field for certain. */
function isField(node: unknown, field: string, level: Level, { scope, work }: Walk): boolean {
  const column = as("ColumnRef", node);
  if (column !== undefined) {
    const base = list(column.fields);
    if (!base.every((part) => kindOf(part) === "String")) return false;
    const [first = "", second, ...more] = names(base);
    if (second === undefined) return isFieldOfRow(first, field, level, work);
    return more.length === 0 && isFieldOfRowColumn(first, second, field, level, work);
  }
  return rowFields(node, scope)?.includes(field) === true;
}

/** The fields of the row that a call returns: a function with several output columns returns a row of them. */
export function rowFields(node: unknown, scope: Compiled): readonly string[] | undefined {
  const call = as("FuncCall", node);
  if (call === undefined) return undefined;
  const parts = names(call.funcname);
  const found = foundColumns(parts, scope);
  if (found !== undefined) return found.length > 1 ? found : undefined;
  const [schema, name = ""] = parts.length === 1 ? ["pg_catalog", parts[0]] : parts;
  if (parts.length > 2) return undefined;
  if (schema === "information_schema") return informationFunctions.get(name);
  const several = schema === "pg_catalog" ? outputColumns.get(name) : undefined;
  return several !== undefined && several.length > 1 ? several : undefined;
}

/** Whether `(t.c).x` is field x of column c of the item t for certain: a derived table's, made by such a call. */
function isFieldOfRowColumn(name: string, column: string, field: string, level: Level, work: Work): boolean {
  const range = itemNamed(undefined, name, level, work);
  return (
    range.kind === "closed" && range.scalar !== true && range.rows?.get(column)?.includes(field) === true
  );
}

/**
 * Whether `(t).x` is column x of the item t for certain. PostgreSQL takes t for a column first, of this level or of
 * any around it, and only then for an item; and a function's item may be a bare value without columns. In both cases
 * x may be called as a function, so that only a derived table with that column, and no column t anywhere, is sure.
 */
function isFieldOfRow(name: string, field: string, level: Level, work: Work): boolean {
  for (let at: Level | undefined = level; at !== undefined; at = at.outer)
    for (const range of at.ranges) if (has(range, name, work) !== "no") return false;
  const range = level.ranges.find((entry) => entry.name === name);
  return (
    range !== undefined &&
    range.kind === "closed" &&
    range.scalar !== true &&
    range.qualifiedOnly !== true &&
    range.columns.includes(field)
  );
}

/**
 * Whether a column is one of a composite type, by the database's own account, that has this field. PostgreSQL takes a
 * bare name for a column of the innermost level that has one, and the field of such a column before any function.
 */
function isFieldOfColumn(column: Fields, field: string, level: Level, work: Work): boolean {
  const parts = list(column.fields);
  if (parts.some((part) => kindOf(part) !== "String")) return false;
  const [first = "", second, third, ...more] = names(parts);
  if (more.length > 0) return false;
  if (second === undefined) {
    work.spend(level.ranges.length);
    return unqualified(level).some((range) => range.fields?.get(first)?.has(field) === true);
  }
  const range =
    third === undefined ? itemNamed(undefined, first, level, work) : itemNamed(first, second, level, work);
  return range.fields?.get(third ?? second)?.has(field) === true;
}

/** Fields and subscripts behind an expression or an assigned column. */
export function checkSteps(
  steps: readonly unknown[],
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  for (const step of steps) {
    const { kind, fields } = one(step);
    if (kind === "A_Indices") {
      if (fields.lidx !== undefined) walk.expression(fields.lidx, level, withs);
      if (fields.uidx !== undefined) walk.expression(fields.uidx, level, withs);
    } else if (kind === "String")
      refuseMistake(
        "columns",
        `field ${shown(text(fields.sval))} of a value could be a call of a function of that name`,
        "select the column itself, from an item of FROM whose columns are known",
      );
    else if (kind !== "A_Star")
      refuseForever("grammar", "a part of a field access is not understood, so it is denied");
  }
}
