import { checkType, checkSort, checkWindow } from "./calls.ts";
import { checkJsonPath } from "../deaf/jsonpath.ts";
import type { Level } from "../names/naming.ts";
import { type Fields, list, one, open, text } from "../syntax/nodes.ts";
import { refuseForever } from "../denied.ts";
import type { Walk, Withs } from "../syntax/walk.ts";

const kinds: ReadonlySet<string> = new Set([
  "JsonArgument",
  "JsonArrayAgg",
  "JsonArrayConstructor",
  "JsonArrayQueryConstructor",
  "JsonFuncExpr",
  "JsonIsPredicate",
  "JsonKeyValue",
  "JsonObjectAgg",
  "JsonObjectConstructor",
  "JsonParseExpr",
  "JsonScalarExpr",
  "JsonSerializeExpr",
  "JsonValueExpr",
]);

/** Whether a node is one of SQL/JSON's expressions. */
export function isJson(kind: string): boolean {
  return kinds.has(kind);
}

/** SQL/JSON's constructors, query functions and aggregates. @throws GuardDenied when the scope does not cover one */
export function checkJson(
  kind: string,
  fields: Fields,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): void {
  const expression = (value: unknown): void => {
    if (value !== undefined) walk.expression(value, level, withs);
  };
  const value = (bare: unknown): void => {
    if (bare !== undefined) checkJson("JsonValueExpr", open("JsonValueExpr", bare), level, withs, walk);
  };
  if (fields.output !== undefined) checkOutput(fields.output, walk);
  if (fields.format !== undefined) open("JsonFormat", fields.format);
  switch (kind) {
    case "JsonValueExpr":
      if (fields.formatted_expr !== undefined)
        refuseForever("grammar", "a JSON value is not understood, so it is denied");
      return expression(fields.raw_expr);
    case "JsonKeyValue":
      expression(fields.key);
      return value(fields.value);
    case "JsonArgument":
      return value(fields.val);
    case "JsonIsPredicate":
    case "JsonScalarExpr":
      return expression(fields.expr);
    case "JsonParseExpr":
    case "JsonSerializeExpr":
      return value(fields.expr);
    case "JsonObjectConstructor":
    case "JsonArrayConstructor":
      for (const entry of list(fields.exprs)) expression(entry);
      return;
    case "JsonArrayQueryConstructor":
      walk.query(fields.query, level, withs);
      return;
    case "JsonObjectAgg":
      checkAggregate(fields.constructor, level, withs, walk);
      return checkJson("JsonKeyValue", open("JsonKeyValue", fields.arg), level, withs, walk);
    case "JsonArrayAgg":
      checkAggregate(fields.constructor, level, withs, walk);
      return value(fields.arg);
    case "JsonFuncExpr":
      value(fields.context_item);
      expression(fields.pathspec);
      checkJsonPath(fields.pathspec, walk);
      for (const entry of list(fields.passing)) expression(entry);
      checkBehavior(fields.on_empty, level, withs, walk);
      return checkBehavior(fields.on_error, level, withs, walk);
    default:
      return refuseForever("grammar", `${kind} is not understood here, so it is denied`);
  }
}

function checkOutput(node: unknown, walk: Walk): void {
  const output = open("JsonOutput", node);
  if (output.returning !== undefined) {
    const returning = open("JsonReturning", output.returning);
    if (returning.format !== undefined) open("JsonFormat", returning.format);
  }
  if (output.typeName !== undefined) checkType(output.typeName, walk.scope);
}

function checkAggregate(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const fields = open("JsonAggConstructor", node);
  if (fields.output !== undefined) checkOutput(fields.output, walk);
  if (fields.agg_filter !== undefined) walk.expression(fields.agg_filter, level, withs);
  for (const sort of list(fields.agg_order)) checkSort(sort, level, withs, walk);
  if (fields.over !== undefined) checkWindow(fields.over, level, withs, walk);
}

function checkBehavior(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  if (node === undefined) return;
  const behavior = open("JsonBehavior", node);
  if (behavior.expr !== undefined) walk.expression(behavior.expr, level, withs);
}

/**
 * JSON_TABLE in FROM: judges it, and gives the names of its columns.
 * @param level what its context and arguments may refer to
 */
export function checkJsonTable(
  fields: Fields,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): readonly string[] {
  checkJson("JsonValueExpr", open("JsonValueExpr", fields.context_item), level, withs, walk);
  checkPath(fields.pathspec, level, withs, walk);
  for (const argument of list(fields.passing)) walk.expression(argument, level, withs);
  checkBehavior(fields.on_error, level, withs, walk);
  return columnsInOrder(fields.columns, level, withs, walk);
}

/** Columns of one level in their order, those of NESTED paths behind them (transformJsonTableColumns). */
function columnsInOrder(
  columns: unknown,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): readonly string[] {
  const judged = list(columns).map((column) => checkColumnOf(column, level, withs, walk));
  return [...judged.flatMap(({ own }) => own), ...judged.flatMap(({ nested }) => nested)];
}

function checkPath(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  if (node === undefined) return;
  const path = open("JsonTablePathSpec", node);
  if (path.string === undefined) return;
  walk.expression(path.string, level, withs);
  checkJsonPath(path.string, walk);
}

function checkColumnOf(
  node: unknown,
  level: Level,
  withs: Withs | undefined,
  walk: Walk,
): { readonly own: readonly string[]; readonly nested: readonly string[] } {
  const { kind, fields } = one(node);
  if (kind !== "JsonTableColumn")
    refuseForever("grammar", "a column of JSON_TABLE is not understood, so it is denied");
  if (fields.typeName !== undefined) checkType(fields.typeName, walk.scope);
  if (fields.format !== undefined) open("JsonFormat", fields.format);
  checkPath(fields.pathspec, level, withs, walk);
  checkBehavior(fields.on_empty, level, withs, walk);
  checkBehavior(fields.on_error, level, withs, walk);
  const name = text(fields.name);
  return { own: name === "" ? [] : [name], nested: columnsInOrder(fields.columns, level, withs, walk) };
}
