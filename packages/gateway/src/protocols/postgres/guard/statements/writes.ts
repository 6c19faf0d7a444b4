import { checkSteps } from "../names/columns.ts";
import type { Columns, TableGrant } from "../compile.ts";
import { checkFrom } from "./from.ts";
import type { Level, Range } from "../names/naming.ts";
import { as, type Fields, kindOf, list, one, open, text } from "../syntax/nodes.ts";
import { isPinned, isPinnedConflict, type Pinning } from "./pinned.ts";
import { valueItems } from "./value-items.ts";
import { checkTargets } from "./queries.ts";
import { refuse, refuseForever, refuseMistake, shown } from "../denied.ts";
import { checkTarget, grantFor, lookupsOf, tableRange, type TableName, useTable } from "../names/tables.ts";
import type { Output, Walk, Withs } from "../syntax/walk.ts";
import { checkWith } from "./withs.ts";

const nothing: Output = { columns: [], complete: true };

/** A write's target: always a table, never a WITH query of that name. */
export function target(value: unknown, walk: Walk): { readonly table: TableName; readonly fields: Fields } {
  const fields = open("RangeVar", value);
  return { table: useTable(fields, walk), fields };
}

export function columnsOf(grant: TableGrant, use: "insert" | "update"): Columns {
  return grant[use] ?? new Set();
}

/** INSERT, with ON CONFLICT and RETURNING. @throws GuardDenied when the scope does not cover it */
export function checkInsert(
  insert: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  const inner = checkWith(insert.withClause, outer, withs, walk);
  const { table, fields } = target(insert.relation, walk);
  const grant = grantFor(table, "insert", "insert", walk.scope);
  const columns = columnsOf(grant, "insert");
  const listed = list(insert.cols);
  for (const column of listed)
    checkAssigned(column, columns, "insert", table, { ranges: [], outer }, inner, walk);
  if (insert.selectStmt !== undefined) {
    if (listed.length === 0 && columns !== "all")
      refuseMistake(
        "columns",
        `an insert into ${shown(table.full)} must name its columns: ${[...columns].join(", ")} are granted`,
      );
    if (listed.length === 0) checkUnlisted(table, walk);
    if (kindOf(insert.selectStmt) !== "SelectStmt")
      refuse("grammar", "the rows to insert are not understood");
    walk.query(insert.selectStmt, outer, inner);
  }
  const range = touched(fields, table, grant, walk);
  if (insert.onConflictClause !== undefined) checkConflict(insert, table, range, columns, outer, inner, walk);
  return checkReturning(insert.returningClause, range, [], outer, inner, walk);
}

/** A write's target, with what may be read of it. */
export function touched(fields: Fields, table: TableName, grant: TableGrant, walk: Walk): Range {
  return { ...tableRange(fields, table, grant.touch, walk.scope), assumed: grant.assumed };
}

/** A write that names no columns writes all of them. @throws GuardDenied when one of them looks names up */
export function checkUnlisted(table: TableName, walk: Walk): void {
  for (const column of lookupsOf(table, walk.scope) ?? [])
    refuse(
      "types",
      `column ${shown(column)} of ${shown(table.full)} would look a name up`,
      "name the columns to write",
    );
}

function checkConflict(
  insert: Fields,
  table: TableName,
  range: Range,
  inserted: Columns,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const conflict = open("OnConflictClause", insert.onConflictClause);
  const level: Level = { ranges: [range], outer };
  const infer = conflict.infer === undefined ? undefined : open("InferClause", conflict.infer);
  if (infer !== undefined) {
    for (const element of list(infer.indexElems)) {
      const index = open("IndexElem", as("IndexElem", element));
      if (list(index.opclass).length > 0 || list(index.collation).length > 0)
        refuse("grammar", "an operator class in ON CONFLICT is not granted");
      const name = text(index.name);
      if (name !== "")
        checkTarget(name, conflictColumns(range, inserted), "use in ON CONFLICT", table, walk.scope);
      if (index.expr !== undefined) walk.expression(index.expr, level, withs);
    }
    if (infer.whereClause !== undefined) walk.expression(infer.whereClause, level, withs);
  }
  if (text(conflict.action) === "ONCONFLICT_NOTHING") return;
  if (text(conflict.action) !== "ONCONFLICT_UPDATE") refuse("grammar", "this ON CONFLICT is not understood");
  const grant = grantFor(table, "update", "update", walk.scope);
  if (walk.scope.requireWhere && !table.isTemporary && !isPinnedConflict(insert, infer, grant.keys))
    refuse(
      "require_where",
      `ON CONFLICT DO UPDATE on ${shown(table.full)} must select rows by ${[...grant.keys].join(" or ")}`,
      "insert VALUES, and name the key in ON CONFLICT",
    );
  const excluded: Range = {
    name: "excluded",
    kind: inserted === "all" ? "open" : "limited",
    columns: inserted === "all" ? [] : [...inserted],
    table: "excluded",
    ...(range.lookups === undefined ? {} : { lookups: range.lookups }),
  };
  const both: Level = { ranges: [range, excluded], outer };
  for (const item of list(conflict.targetList))
    checkSet(item, columnsOf(grant, "update"), table, both, withs, walk);
  if (conflict.whereClause !== undefined) walk.expression(conflict.whereClause, both, withs);
}

function conflictColumns(range: Range, inserted: Columns): Columns {
  if (range.kind === "open" || inserted === "all") return "all";
  return new Set([...range.columns.filter((column) => column !== undefined), ...inserted]);
}

/** One column of an INSERT's list, with subscripts or fields behind it. */
export function checkAssigned(
  node: unknown,
  columns: Columns,
  verb: string,
  table: TableName,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): Fields {
  const { kind, fields } = one(node);
  if (kind !== "ResTarget") refuseForever("grammar", "a column to write is not understood, so it is denied");
  checkTarget(text(fields.name), columns, verb, table, walk.scope);
  for (const step of list(fields.indirection))
    if (kindOf(step) !== "String") checkSteps([step], level, withs, walk);
    else one(step);
  return fields;
}

/** One assignment of SET. */
export function checkSet(
  node: unknown,
  columns: Columns,
  table: TableName,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const fields = checkAssigned(node, columns, "update", table, level, withs, walk);
  walk.expression(fields.val, level, withs);
}

/** UPDATE. @throws GuardDenied when the scope does not cover it */
export function checkUpdate(
  update: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  const inner = checkWith(update.withClause, outer, withs, walk);
  const { table, fields } = target(update.relation, walk);
  const grant = grantFor(table, "update", "update", walk.scope);
  const range = touched(fields, table, grant, walk);
  const others = checkFrom(update.fromClause, outer, inner, walk, [range]);
  const level: Level = { ranges: [range, ...others], outer };
  for (const item of list(update.targetList))
    checkSet(item, columnsOf(grant, "update"), table, level, inner, walk);
  const pinning = {
    keys: grant.keys,
    target: range,
    joined: others.length > 0,
    values: valueItems(update.fromClause),
  };
  checkWhere(update.whereClause, "update", table, pinning, level, inner, walk);
  return checkReturning(update.returningClause, range, others, outer, inner, walk);
}

/** DELETE. @throws GuardDenied when the scope does not cover it */
export function checkDelete(
  remove: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  const inner = checkWith(remove.withClause, outer, withs, walk);
  const { table, fields } = target(remove.relation, walk);
  const grant = grantFor(table, "delete", "delete", walk.scope);
  const range = touched(fields, table, grant, walk);
  const others = checkFrom(remove.usingClause, outer, inner, walk, [range]);
  const level: Level = { ranges: [range, ...others], outer };
  const pinning = {
    keys: grant.keys,
    target: range,
    joined: others.length > 0,
    values: valueItems(remove.usingClause),
  };
  checkWhere(remove.whereClause, "delete", table, pinning, level, inner, walk);
  return checkReturning(remove.returningClause, range, others, outer, inner, walk);
}

function checkWhere(
  where: unknown,
  verb: "update" | "delete",
  table: TableName,
  pinning: Pinning,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  if (where !== undefined) walk.expression(where, level, withs);
  if (!walk.scope.requireWhere || table.isTemporary) return;
  if (where !== undefined && isPinned(where, pinning)) return;
  const [first = "id", ...more] = pinning.keys;
  const keys = [first, ...more].join(" or ");
  refuse(
    "require_where",
    `${verb} on ${shown(table.full)} must select rows by ${keys}: WHERE ${first} = value`,
  );
}

/** RETURNING: reads the target, the other items, and the target's old and new rows. */
export function checkReturning(
  clause: unknown,
  range: Range,
  others: readonly Range[],
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  if (clause === undefined) return nothing;
  const fields = open("ReturningClause", clause);
  const named = new Map([
    ["RETURNING_OPTION_OLD", "old"],
    ["RETURNING_OPTION_NEW", "new"],
  ]);
  for (const item of list(fields.options)) {
    const option = open("ReturningOption", as("ReturningOption", item));
    if (!named.has(text(option.option))) refuse("grammar", "this RETURNING option is not understood");
    named.set(text(option.option), text(option.value));
  }
  const rows = [...named.values()].map((name): Range => ({ ...range, name, qualifiedOnly: true }));
  return checkTargets(fields.exprs, { ranges: [range, ...others, ...rows], outer }, withs, walk);
}
