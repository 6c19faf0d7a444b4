import { spend } from "./budget.ts";
import { checkWindow, sortFields } from "./calls.ts";
import { outputName } from "./columns.ts";
import { checkFrom } from "./from.ts";
import { couldBeHiddenColumn, type Level, useWholeRow, wholeRow } from "./naming.ts";
import { as, type Fields, kindOf, list, names, one, open, text } from "./nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "./refusal.ts";
import { aliasOf, resolveTable } from "./tables.ts";
import type { Output, Walk, Withs } from "./walk.ts";
import { checkWith } from "./withs.ts";

/**
 * Judges a SELECT in every form: plain, VALUES, set operations.
 * @param outer the levels around it, undefined at the top
 * @returns its output columns
 */
export function checkSelect(
  select: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  if (select.intoClause !== undefined)
    refuseForever(
      "statements",
      "SELECT INTO makes a table, which is not granted by any operation",
      "leave INTO out",
    );
  const inner = checkWith(select.withClause, outer, withs, walk);
  const operation = text(select.op);
  if (operation !== "SETOP_NONE") {
    const output = walk.select(open("SelectStmt", select.larg), outer, inner);
    walk.select(open("SelectStmt", select.rarg), outer, inner);
    finish(
      select,
      output,
      {
        ranges: [{ name: undefined, kind: output.complete ? "closed" : "open", columns: output.columns }],
        outer,
      },
      inner,
      walk,
    );
    if (list(select.lockingClause).length > 0) refuse("statements", "row locks are not granted here");
    return output;
  }
  const rows = list(select.valuesLists);
  if (rows.length > 0) return checkValues(select, rows, outer, inner, walk);
  const ranges = checkFrom(select.fromClause, outer, inner, walk);
  const level: Level = { ranges, outer };
  const output = checkTargets(select.targetList, level, inner, walk);
  if (select.whereClause !== undefined) walk.expression(select.whereClause, level, inner);
  for (const item of list(select.distinctClause))
    if (!isEmpty(item)) checkOrdered(item, output, level, inner, walk);
  for (const item of list(select.groupClause)) checkGrouped(item, output, level, inner, walk);
  if (select.havingClause !== undefined) walk.expression(select.havingClause, level, inner);
  for (const window of list(select.windowClause)) checkWindow(as("WindowDef", window), level, inner, walk);
  finish(select, output, level, inner, walk);
  for (const lock of list(select.lockingClause)) checkLock(lock, select, walk);
  return output;
}

/** DISTINCT without ON is a list with one empty node. */
function isEmpty(item: unknown): boolean {
  return typeof item === "object" && item !== null && Object.keys(item).length === 0;
}

function checkValues(
  select: Fields,
  rows: readonly unknown[],
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  let width = 0;
  for (const row of rows) {
    const items = list(open("List", as("List", row)).items);
    width = Math.max(width, items.length);
    for (const item of items) walk.expression(item, { ranges: [], outer }, withs);
  }
  const columns = Array.from({ length: width }, (_, index) => `column${index + 1}`);
  const output: Output = { columns, complete: true, positional: true };
  finish(select, output, { ranges: [{ name: "*VALUES*", kind: "closed", columns }], outer }, withs, walk);
  if (list(select.lockingClause).length > 0) refuse("statements", "row locks are not granted here");
  return output;
}

/** ORDER BY, LIMIT and OFFSET. */
function finish(select: Fields, output: Output, level: Level, withs: Withs | undefined, walk: Walk): void {
  for (const sort of list(select.sortClause)) {
    const { node } = sortFields(sort);
    checkOrdered(node, output, level, withs, walk);
  }
  for (const bound of [select.limitOffset, select.limitCount])
    if (bound !== undefined) walk.expression(bound, level, withs);
}

/** Judges an output list (of SELECT or RETURNING), and gives its columns. */
export function checkTargets(targets: unknown, level: Level, withs: Withs | undefined, walk: Walk): Output {
  const columns: string[] = [];
  let complete = true;
  let positional = true;
  for (const item of list(targets)) {
    const { kind, fields } = one(item);
    if (kind !== "ResTarget" || fields.indirection !== undefined)
      refuseForever("grammar", "a part of the output list is not understood, so it is denied");
    const stars = starOf(fields.val);
    if (stars !== undefined) {
      const ranges =
        stars.length === 0
          ? level.ranges.filter((range) => range.qualifiedOnly !== true)
          : [named(stars, level)];
      for (const range of ranges) {
        wholeRow(range);
        spend(1 + range.columns.length);
        for (const column of range.columns) columns.push(column);
        if (range.kind !== "closed") complete = false;
      }
      positional = false;
      continue;
    }
    walk.expression(fields.val, level, withs);
    const name = text(fields.name) === "" ? outputName(fields.val) : text(fields.name);
    if (name === undefined) complete = false;
    else columns.push(name);
  }
  return { columns, complete, positional: positional && complete };
}

/** The qualifiers of `*` or `t.*`; undefined when the expression is no star. */
function starOf(value: unknown): readonly string[] | undefined {
  const reference = as("ColumnRef", value);
  const parts = list(reference?.fields);
  if (reference === undefined || kindOf(parts.at(-1)) !== "A_Star") return undefined;
  return names(parts.slice(0, -1));
}

function named(qualifiers: readonly string[], level: Level): ReturnType<typeof useWholeRow> {
  const [first = "", second, ...more] = qualifiers;
  if (more.length > 0) refuseForever("columns", "a name with that many parts is refused");
  return second === undefined ? useWholeRow(undefined, first, level) : useWholeRow(first, second, level);
}

/** The name of a bare column reference, undefined for anything else. */
function bareName(node: unknown): string | undefined {
  const parts = list(as("ColumnRef", node)?.fields);
  if (parts.length !== 1 || kindOf(parts[0]) !== "String") return undefined;
  return names(parts)[0];
}

/** ORDER BY and DISTINCT ON: a bare name means an output column first (findTargetlistEntrySQL92). */
function checkOrdered(
  node: unknown,
  output: Output,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const name = bareName(node);
  spend(output.columns.length);
  if (name !== undefined && output.columns.includes(name)) return;
  walk.expression(node, level, withs);
}

/** GROUP BY: a bare name means a column of FROM first, and an output column after. */
function checkGrouped(
  node: unknown,
  output: Output,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const set = as("GroupingSet", node);
  if (set !== undefined) {
    for (const item of list(set.content)) checkGrouped(item, output, level, withs, walk);
    return;
  }
  const name = bareName(node);
  spend(output.columns.length);
  if (name !== undefined && output.columns.includes(name)) {
    if (!couldBeHiddenColumn(name, level)) return;
    refuseMistake(
      "columns",
      `GROUP BY ${shown(name)} could mean a column that is not granted`,
      "group by the expression itself, or by its position: GROUP BY 1",
    );
  }
  walk.expression(node, level, withs);
}

/** FOR UPDATE and the like lock rows against others: granted where those rows could be changed anyway. */
function checkLock(node: unknown, select: Fields, walk: Walk): void {
  const lock = open("LockingClause", as("LockingClause", node));
  const wanted = list(lock.lockedRels).map((relation) =>
    text(open("RangeVar", as("RangeVar", relation)).relname),
  );
  if (walk.scope.requireWhere)
    refuse("statements", "row locks are not granted: the operation has require_where");
  const items = list(select.fromClause).flatMap((item) => joined(item));
  const names = new Set<string>();
  for (const item of items) {
    const relation = as("RangeVar", item);
    const name =
      relation === undefined ? undefined : (aliasOf(relation.alias)?.name ?? text(relation.relname));
    if (name !== undefined) names.add(name);
    if (wanted.length > 0 && name !== undefined && !wanted.includes(name)) continue;
    // FOR UPDATE without OF locks everything; with it, only what it names, which must be found among the tables.
    if (relation === undefined && wanted.length > 0) continue;
    if (relation === undefined || select.withClause !== undefined)
      refuseMistake("statements", "row locks are granted for plain tables only");
    const table = resolveTable(relation, walk.scope);
    const grant = walk.scope.tables.get(table.full);
    if (grant === undefined || (grant.update === undefined && !grant.delete))
      refuse(
        "statements",
        `row locks on ${shown(table.full)} are not granted: ${walk.scope.name} only reads it`,
      );
  }
  if (wanted.some((name) => !names.has(name)))
    refuseMistake("statements", "row locks are granted for plain tables only");
}

/** The items of a join one by one; a join with an alias stays one item. */
function joined(item: unknown): readonly unknown[] {
  const join = as("JoinExpr", item);
  if (join === undefined || join.alias !== undefined) return [item];
  return [...joined(join.larg), ...joined(join.rarg)];
}
