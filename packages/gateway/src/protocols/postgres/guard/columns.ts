import { outputColumns } from "./builtin.ts";
import { has, type Level, useColumn, useQualified, useWholeRow } from "./naming.ts";
import { as, type Fields, kindOf, list, names, one, text } from "./nodes.ts";
import { refuseForever, refuseMistake, shown } from "./refusal.ts";
import type { Walk, Withs } from "./walk.ts";

/**
 * A column reference in an expression: `x`, `t.x`, `s.t.x`, or a whole row.
 * @returns whether its type looks names up
 * @throws Refusal when it is not granted
 */
export function checkColumn(reference: Fields, level: Level, walk: Walk): boolean {
  const parts = list(reference.fields);
  const star = kindOf(parts.at(-1)) === "A_Star";
  const [first, second, third, ...more] = names(star ? parts.slice(0, -1) : parts);
  if (more.length > 0 || (star && third !== undefined))
    refuseMistake("columns", "a column with that many qualifiers is refused");
  if (star) {
    if (first === undefined) refuseMistake("columns", "* is not permitted here");
    useWholeRow(second === undefined ? undefined : first, second ?? first, level);
    return false;
  }
  if (first === undefined) refuseMistake("grammar", "a column without a name is refused");
  if (second === undefined) return useColumn(first, level);
  const functions = walk.scope.database.rowFunctions;
  return third === undefined
    ? useQualified(undefined, first, second, level, functions)
    : useQualified(first, second, third, level, functions);
}

/**
 * `(x).field`, `x[1]` and chains of them. PostgreSQL also calls a function by that notation, `(10.0).pg_sleep`
 * (ParseFuncOrColumn), on anything that has no such column: so a field must be one that the row has for certain.
 */
export function checkIndirection(node: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const steps = list(node.indirection);
  const field = as("String", steps[0]);
  if (field !== undefined && isField(node.arg, text(field.sval), level)) {
    if (as("ColumnRef", node.arg) === undefined) walk.expression(node.arg, level, withs);
    return checkSteps(steps.slice(1), level, withs, walk);
  }
  walk.expression(node.arg, level, withs);
  checkSteps(steps, level, withs, walk);
}

/** Whether an expression is a row with that field for certain. */
function isField(node: unknown, field: string, level: Level): boolean {
  const column = as("ColumnRef", node);
  if (column !== undefined) {
    const base = list(column.fields);
    return (
      base.length === 1 && kindOf(base[0]) === "String" && isFieldOfRow(names(base)[0] ?? "", field, level)
    );
  }
  // A function with several output columns returns a row of them; with a single one it returns the bare value.
  const call = as("FuncCall", node);
  if (call === undefined) return false;
  const parts = names(call.funcname);
  const known =
    parts.length === 2 && parts[0] === "pg_catalog" ? outputColumns.get(parts[1] ?? "") : undefined;
  const several = parts.length === 1 ? outputColumns.get(parts[0] ?? "") : known;
  return several !== undefined && several.length > 1 && several.includes(field);
}

/**
 * Whether `(t).x` is column x of the item t for certain. PostgreSQL takes t for a column first, of this level or of
 * any around it, and only then for an item; and a function's item may be a bare value without columns. In both cases
 * x may be called as a function, so that only a derived table with that column, and no column t anywhere, is sure.
 */
function isFieldOfRow(name: string, field: string, level: Level): boolean {
  for (let at: Level | undefined = level; at !== undefined; at = at.outer)
    for (const range of at.ranges) if (has(range, name) !== "no") return false;
  const range = level.ranges.find((entry) => entry.name === name);
  return (
    range !== undefined &&
    range.kind === "closed" &&
    range.scalar !== true &&
    range.qualifiedOnly !== true &&
    range.columns.includes(field)
  );
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
