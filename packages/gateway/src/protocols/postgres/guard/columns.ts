import { spend } from "./budget.ts";
import { functions } from "./builtin.ts";
import { type Level, useColumn, useQualified, useWholeRow } from "./naming.ts";
import { as, type Fields, kindOf, list, names, one, open, text } from "./nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "./refusal.ts";
import type { Walk, Withs } from "./walk.ts";

/** A column reference in an expression: `x`, `t.x`, `s.t.x`, or a whole row. @throws Refusal when it is not granted */
export function checkColumn(reference: Fields, level: Level): void {
  const parts = list(reference.fields);
  const star = kindOf(parts.at(-1)) === "A_Star";
  const [first, second, third, ...more] = names(star ? parts.slice(0, -1) : parts);
  if (more.length > 0 || (star && third !== undefined))
    refuseMistake("columns", "a column with that many qualifiers is refused");
  if (star) {
    if (first === undefined) refuseMistake("columns", "* is not permitted here");
    useWholeRow(second === undefined ? undefined : first, second ?? first, level);
  } else if (first === undefined) refuseMistake("grammar", "a column without a name is refused");
  else if (second === undefined) useColumn(first, level);
  else if (third === undefined) useQualified(undefined, first, second, level);
  else useQualified(first, second, third, level);
}

/**
 * `(x).field`, `x[1]` and chains of them. PostgreSQL also calls a function by that notation, `(10.0).pg_sleep`
 * (ParseFuncOrColumn), so a field must be one that no dangerous function is named like: a column that the row is
 * known to have, the name of a permitted function, or a usual output column.
 */
export function checkIndirection(node: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const steps = list(node.indirection);
  const column = as("ColumnRef", node.arg);
  const base = column === undefined ? [] : list(column.fields);
  const field = as("String", steps[0]);
  if (base.length === 1 && field !== undefined && kindOf(base[0]) === "String") {
    const [name = ""] = names(base);
    if (isFieldOfRow(name, text(field.sval), level)) return checkSteps(steps.slice(1), level, withs, walk);
  }
  walk.expression(node.arg, level, withs);
  checkSteps(steps, level, withs, walk);
}

/**
 * Whether `(t).x` is column x of the item t for certain. PostgreSQL takes t for a column first, of this level or of
 * any around it, and only then for an item; and a function's item may be a bare value without columns. In both cases
 * x may be called as a function, so that only a derived table with that column, and no column t anywhere, is sure.
 */
function isFieldOfRow(name: string, field: string, level: Level): boolean {
  for (let at: Level | undefined = level; at !== undefined; at = at.outer) {
    for (const range of at.ranges) {
      spend(1 + range.columns.length);
      if (range.kind !== "closed" || range.columns.includes(name)) return false;
    }
  }
  const range = level.ranges.find((entry) => entry.name === name);
  return range !== undefined && range.scalar !== true && range.columns.includes(field);
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
    } else if (kind === "String") {
      const name = text(fields.sval);
      if (!functions.has(name) && !usualFields.has(name) && !/^f\d{1,4}$/u.test(name))
        refuse("columns", `field ${shown(name)} of a value is not granted`, "select the column itself");
    } else if (kind !== "A_Star")
      refuseForever("grammar", "a part of a field access is not understood, so it is denied");
  }
}

/** Output columns of permitted functions that return rows. */
const usualFields: ReadonlySet<string> = new Set([
  "key",
  "value",
  "ordinality",
  "lexeme",
  "positions",
  "weights",
]);

/** The name PostgreSQL gives an output column (parse_target.c, FigureColname), where it is certain. */
export function outputName(node: unknown): string | undefined {
  const kind = kindOf(node);
  if (kind === "ColumnRef") {
    const last = list(open("ColumnRef", (node as Fields).ColumnRef).fields).at(-1);
    const field = as("String", last);
    return field === undefined ? undefined : text(field.sval);
  }
  if (kind === "FuncCall") return names(open("FuncCall", (node as Fields).FuncCall).funcname).at(-1);
  return undefined;
}
