import { checkType, returnsLookup } from "../expressions/calls.ts";
import { oneOf, type Size } from "../deaf/size.ts";
import { sizeOf } from "../deaf/sizes.ts";
import { checkPath } from "../deaf/xpath.ts";
import { checkDirectly } from "../expressions/expressions.ts";
import { checkSampling } from "./sampling.ts";
import { checkJsonTable } from "../expressions/json.ts";
import { columnsOf } from "./function-columns.ts";
import { checkInlined } from "../names/leaks.ts";
import { joinItems } from "./joins.ts";
import type { Level, Range } from "../names/naming.ts";
import { as, type Fields, kindOf, list, names, one, open, text } from "../syntax/nodes.ts";
import { outputName } from "../names/output-names.ts";
import { refuseForever, refuseMistake } from "../denied.ts";
import { aliasOf, readTable } from "../names/tables.ts";
import { derived, renamed, type Walk, type Withs } from "../syntax/walk.ts";

/**
 * Judges a FROM clause, left to right as PostgreSQL does.
 * @param outer the levels around the query
 * @returns the items that it makes visible
 */
export function checkFrom(
  items: unknown,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
  before: readonly Range[] = [],
): readonly Range[] {
  let ranges: readonly Range[] = [];
  for (const item of list(items))
    ranges = [...ranges, ...checkItem(item, [...before, ...ranges], outer, withs, walk)];
  return ranges;
}

/** @param left the items that a LATERAL item or a function may refer to */
function checkItem(
  item: unknown,
  left: readonly Range[],
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): readonly Range[] {
  walk.work.spend(1 + left.length);
  const { kind, fields } = one(item);
  const lateral: Level = { ranges: left, outer };
  switch (kind) {
    case "RangeVar":
      return [withQuery(fields, withs) ?? readTable(fields, walk)];
    case "RangeSubselect": {
      if (kindOf(fields.subquery) !== "SelectStmt")
        refuseForever("grammar", "a sub-select is not understood, so it is denied");
      const output = walk.query(fields.subquery, fields.lateral === true ? lateral : outer, withs);
      const alias = aliasOf(fields.alias);
      return [derived(alias?.name, output, alias?.columns ?? [])];
    }
    case "RangeFunction":
      return [checkFunctions(fields, lateral, withs, walk)];
    case "RangeTableFunc":
      return [checkXmlTable(fields, lateral, withs, walk)];
    case "JsonTable": {
      const columns = checkJsonTable(fields, lateral, withs, walk);
      const alias = aliasOf(fields.alias);
      const sizes = (): Size => sizeOf(fields.context_item, lateral, walk);
      return [derived(alias?.name ?? "json_table", { columns, complete: true, sizes }, alias?.columns ?? [])];
    }
    case "RangeTableSample": {
      checkSampling(names(fields.method));
      // Not LATERAL: the items to its left are invisible, so that a name of theirs means one of a level around.
      const around: Level = { ranges: [], outer };
      for (const argument of list(fields.args)) walk.expression(argument, around, withs);
      if (fields.repeatable !== undefined) walk.expression(fields.repeatable, around, withs);
      return checkItem(fields.relation, left, outer, withs, walk);
    }
    case "JoinExpr":
      return checkJoin(fields, left, outer, withs, walk);
    default:
      return refuseForever("grammar", `${kind} is not understood here, so it is denied`);
  }
}

/** The WITH query that an unqualified name means, if one does. */
function withQuery(relation: Fields, withs: Withs | undefined): Range | undefined {
  if (relation.schemaname !== undefined || relation.catalogname !== undefined) return undefined;
  const name = text(relation.relname);
  for (let at = withs; at !== undefined; at = at.outer) {
    const range = at.named.get(name);
    if (range === undefined) continue;
    const alias = aliasOf(relation.alias);
    return renamed(range, alias?.name ?? name, alias?.columns ?? []);
  }
  return undefined;
}

function checkJoin(
  join: Fields,
  left: readonly Range[],
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): readonly Range[] {
  const one = checkItem(join.larg, left, outer, withs, walk);
  const two = checkItem(join.rarg, [...left, ...one], outer, withs, walk);
  const joined = joinItems(join, one, two, walk);
  if (join.quals !== undefined) walk.expression(join.quals, { ranges: [...one, ...two], outer }, withs);
  return joined;
}

function checkFunctions(fields: Fields, level: Level, withs: Withs | undefined, walk: Walk): Range {
  const alias = aliasOf(fields.alias);
  const calls = list(fields.functions);
  const columns: string[] = [];
  const lookups = new Set<string>();
  let complete = true;
  for (const call of calls) {
    const items = list(as("List", call)?.items);
    const [expression, definitions] = items;
    if (expression === undefined || items.length > 2)
      refuseForever("grammar", "a function in FROM is not understood, so it is denied");
    const direct = as("FuncCall", expression);
    if (direct !== undefined) checkInlined(direct, walk.scope);
    const isLookup = returnsRowsOfLookups(expression, level, walk);
    if (isLookup) checkDirectly(expression, level, withs, walk);
    else walk.expression(expression, level, withs);
    const defined = [
      ...definitionsOf(fields.coldeflist, walk),
      ...definitionsOf(as("List", definitions)?.items, walk),
    ];
    const known =
      defined.length > 0
        ? defined
        : columnsOf(expression, calls.length === 1 ? alias?.name : undefined, level, walk);
    columns.push(...known);
    if (isLookup) for (const column of known) lookups.add(column);
    if (known.length === 0) complete = false;
  }
  if (fields.ordinality === true && complete) columns.push("ordinality");
  const aliases = alias?.columns ?? [];
  const first = list(as("List", calls[0])?.items)[0];
  // Without an alias PostgreSQL names the item after its first function (addRangeTableEntryForFunction).
  const name = alias?.name ?? outputName(first, walk.outputs);
  if (name === undefined)
    refuseMistake(
      "grammar",
      "a function in FROM without a certain name is refused",
      "give it an alias: AS name",
    );
  return {
    name,
    kind: complete ? "closed" : "open",
    columns: complete ? [...aliases, ...columns.slice(aliases.length)] : aliases,
    scalar: true,
    sizes: () => oneOf(calls.map((call) => sizeOf(list(as("List", call)?.items)[0], level, walk))),
    ...(lookups.size === 0 ? {} : { lookups: new Set([...lookups, ...aliases]) }),
  };
}

/** Whether a function gives rows whose columns are of a type that looks names up: those columns are known then. */
function returnsRowsOfLookups(expression: unknown, level: Level, walk: Walk): boolean {
  const call = as("FuncCall", expression);
  return (
    call !== undefined &&
    walk.scope.structure !== undefined &&
    returnsLookup(call, walk.scope) &&
    columnsOf(expression, undefined, level, walk).length > 0
  );
}

function definitionsOf(value: unknown, walk: Walk): readonly string[] {
  return list(value).map((definition) => {
    const { kind, fields } = one(definition);
    if (kind !== "ColumnDef" || fields.collClause !== undefined || fields.constraints !== undefined)
      refuseForever("grammar", "a column definition is not understood, so it is denied");
    checkType(fields.typeName, walk.scope);
    return text(fields.colname);
  });
}

function checkXmlTable(fields: Fields, level: Level, withs: Withs | undefined, walk: Walk): Range {
  walk.expression(fields.docexpr, level, withs);
  walk.expression(fields.rowexpr, level, withs);
  checkPath(fields.rowexpr, walk);
  for (const namespace of list(fields.namespaces)) {
    const { kind, fields: target } = one(namespace);
    if (kind !== "ResTarget") refuseForever("grammar", "a namespace is not understood, so it is denied");
    walk.expression(target.val, level, withs);
  }
  const columns = list(fields.columns).map((column) => {
    const definition = open("RangeTableFuncCol", as("RangeTableFuncCol", column));
    if (definition.typeName !== undefined) checkType(definition.typeName, walk.scope);
    for (const expression of [definition.colexpr, definition.coldefexpr])
      if (expression !== undefined) walk.expression(expression, level, withs);
    if (definition.colexpr !== undefined) checkPath(definition.colexpr, walk);
    return text(definition.colname);
  });
  const alias = aliasOf(fields.alias);
  const sizes = (): Size => sizeOf(fields.docexpr, level, walk);
  return derived(alias?.name ?? "xmltable", { columns, complete: true, sizes }, alias?.columns ?? []);
}
