import type { Work } from "../work.ts";
import { checkWindow, sortFields } from "../expressions/calls.ts";
import { checkDirectly } from "../expressions/expressions.ts";
import { checkFrom } from "./from.ts";
import { sizesOfTargets, sizesOfValues } from "../deaf/sizes.ts";
import { isOfCatalogue } from "../deaf/table-sizes.ts";
import { couldBeHiddenColumn } from "../names/bare.ts";
import { groupByPosition } from "./group-by.ts";
import { itemNamed, type Level, type Range, unqualified, wholeRow } from "../names/naming.ts";
import { dropSchema, rowFields } from "../names/columns.ts";
import { checkUnsorted, takeMasked } from "../names/masked.ts";
import { as, bareName, type Fields, kindOf, list, names, one, open, text } from "../syntax/nodes.ts";
import { outputName } from "../names/output-names.ts";
import { refuse, refuseForever } from "../denied.ts";
import { checkLock } from "./row-locks.ts";
import { derived, type Output, type Walk, type Withs } from "../syntax/walk.ts";
import { isStar, noteTyped, ofArms } from "./set-operations.ts";
import { checkWith } from "./withs.ts";

/**
 * Judges a SELECT in every form: plain, VALUES, set operations.
 * @param outer the levels around it, undefined at the top
 * @param isStatement whether its rows go to the client as they are, and into nothing else
 * @returns its output columns
 */
export function checkSelect(
  select: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
  isStatement = false,
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
    if (isStatement) noteTyped(select, walk);
    const output = ofArms(
      walk.select(open("SelectStmt", select.larg), outer, inner),
      walk.select(open("SelectStmt", select.rarg), outer, inner),
    );
    checkOrder(select, output, { ranges: [derived(undefined, output, [])], outer }, inner, walk);
    // PostgreSQL has put the arms' columns out of sight again: a name means a column of a level around.
    checkBounds(select, { ranges: [], outer }, inner, walk);
    if (list(select.lockingClause).length > 0) refuse("statements", "row locks are not granted here");
    return output;
  }
  const rows = list(select.valuesLists);
  if (rows.length > 0) return checkValues(select, rows, outer, inner, walk);
  const ranges = checkFrom(select.fromClause, outer, inner, walk);
  const level: Level = { ranges, outer };
  const output = checkTargets(select.targetList, level, inner, walk, isStatement);
  if (isStatement) checkUnsorted(select, walk);
  if (select.whereClause !== undefined) walk.expression(select.whereClause, level, inner);
  for (const item of list(select.distinctClause))
    if (!isEmpty(item)) checkOrdered(item, output, level, inner, walk);
  for (const item of list(select.groupClause)) checkGrouped(item, output, level, inner, walk);
  if (select.havingClause !== undefined) walk.expression(select.havingClause, level, inner);
  for (const window of list(select.windowClause)) checkWindow(as("WindowDef", window), level, inner, walk);
  checkOrder(select, output, level, inner, walk);
  checkBounds(select, level, inner, walk);
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
  let width: number | undefined;
  for (const row of rows) {
    const items = list(open("List", as("List", row)).items);
    // All rows are equally wide, but a star may stand for any number of values, none included.
    if (!items.some((item) => isStar(item))) width ??= items.length;
    for (const item of items) walk.expression(item, { ranges: [], outer }, withs);
  }
  const columns = Array.from({ length: width ?? 0 }, (_, index) => `column${index + 1}`);
  const items = rows.map((row) => list(as("List", row)?.items));
  const sizes = sizesOfValues(items, width === undefined ? [] : columns, { ranges: [], outer }, walk);
  const output: Output = { columns, complete: width !== undefined, sizes };
  const level: Level = { ranges: [derived("*VALUES*", output, [])], outer };
  checkOrder(select, output, level, withs, walk);
  checkBounds(select, level, withs, walk);
  if (list(select.lockingClause).length > 0) refuse("statements", "row locks are not granted here");
  return output;
}

function checkOrder(
  select: Fields,
  output: Output,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  for (const sort of list(select.sortClause)) {
    const { node } = sortFields(sort, walk.scope);
    checkOrdered(node, output, level, withs, walk);
  }
}

/** LIMIT and OFFSET. */
function checkBounds(select: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  for (const bound of [select.limitOffset, select.limitCount])
    if (bound !== undefined) walk.expression(bound, level, withs);
}

/** More columns than this no row can have (htup_details.h, MaxTupleAttributeNumber). */
const MAX_OUTPUT_COLUMNS = 1664;

/**
 * Judges an output list (of SELECT or RETURNING), and gives its columns.
 * @param isStatement whether its rows go to the client as they are, and into nothing else
 */
export function checkTargets(
  targets: unknown,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
  isStatement = false,
): Output {
  const columns: (string | undefined)[] = [];
  const rows = new Map<string, readonly string[]>();
  let complete = true;
  for (const item of list(targets)) {
    const { kind, fields } = one(item);
    if (kind !== "ResTarget" || fields.indirection !== undefined)
      refuseForever("grammar", "a part of the output list is not understood, so it is denied");
    const stars = starOf(fields.val);
    if (stars !== undefined) {
      const [schema = "", table] = stars;
      if (table !== undefined) dropSchema(as("ColumnRef", fields.val) ?? {}, schema, table, level, walk);
      for (const range of stars.length === 0 ? unqualified(level) : [named(stars, level, walk.work)]) {
        if (range.kind === "limited" || !isStatement) wholeRow(range);
        walk.work.spend(1 + range.columns.length);
        for (const column of range.columns) columns.push(column);
        if (range.kind !== "closed" || range.extras !== undefined) complete = false;
      }
    } else if (isStar(fields.val)) {
      // A row of any width; PostgreSQL leaves AS behind it unheeded (transformTargetList).
      walk.expression(fields.val, level, withs);
      complete = false;
    } else {
      const name = text(fields.name);
      if (!isStatement) walk.expression(fields.val, level, withs);
      else if (!takeMasked(fields.val, name, level, walk)) checkDirectly(fields.val, level, withs, walk);
      const column = name === "" ? outputName(fields.val, walk.outputs) : name;
      columns.push(column);
      const of = rowFields(fields.val, walk.scope);
      if (of !== undefined && column !== undefined) rows.set(column, of);
    }
    if (columns.length > MAX_OUTPUT_COLUMNS)
      refuse("limits", `more than ${MAX_OUTPUT_COLUMNS} output columns are refused`, "name fewer columns");
  }
  // A name that two columns have is nobody's.
  for (const column of rows.keys())
    if (columns.filter((other) => other === column).length > 1) rows.delete(column);
  const more = { sizes: sizesOfTargets(targets, level, walk), isOfCatalogue: isOfCatalogue(level) };
  return complete
    ? { columns, complete, ...more, ...(rows.size === 0 ? {} : { rows }) }
    : { columns: columns.filter((name) => name !== undefined), complete, ...more };
}

/** The qualifiers of `*` or `t.*`; undefined when the expression is no star. */
function starOf(value: unknown): readonly string[] | undefined {
  const reference = as("ColumnRef", value);
  const parts = list(reference?.fields);
  if (reference === undefined || kindOf(parts.at(-1)) !== "A_Star") return undefined;
  return names(parts.slice(0, -1));
}

function named(qualifiers: readonly string[], level: Level, work: Work): Range {
  const [first = "", second, ...more] = qualifiers;
  if (more.length > 0) refuseForever("columns", "a name with that many parts is refused");
  return second === undefined
    ? itemNamed(undefined, first, level, work)
    : itemNamed(first, second, level, work);
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
  walk.work.spend(output.columns.length);
  if (name !== undefined && output.columns.includes(name)) return;
  checkDirectly(node, level, withs, walk);
}

/** GROUP BY: a bare name means a column of FROM first, and an output column after. */
function checkGrouped(
  node: unknown,
  output: Output,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const several = groupedTogether(node);
  if (several !== undefined) {
    for (const item of several) checkGrouped(item, output, level, withs, walk);
    return;
  }
  const name = bareName(node);
  walk.work.spend(output.columns.length);
  if (name !== undefined && output.columns.includes(name)) {
    if (couldBeHiddenColumn(name, level, walk.work)) groupByPosition(node, name, output, level, walk);
    return;
  }
  checkDirectly(node, level, withs, walk);
}

/** What a grouping set or a list in parentheses groups by (flatten_grouping_sets); undefined for anything else. */
function groupedTogether(node: unknown): readonly unknown[] | undefined {
  const set = as("GroupingSet", node);
  if (set !== undefined) return list(set.content);
  const row = as("RowExpr", node);
  return row !== undefined && text(row.row_format) === "COERCE_IMPLICIT_CAST" ? list(row.args) : undefined;
}
