import { as, type Fields, kindOf, list, names, open, text } from "../syntax/nodes.ts";
import { isArray, isValue } from "./values.ts";

/** Items of FROM by name, with those of their columns that hold values of the statement alone. */
export type ValueItems = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Items that are made of the statement's own values: `(VALUES (1, 'a'), (2, 'b')) AS v (id, note)`,
 * `unnest($1::int[], $2::text[]) AS v (id, note)`, `(SELECT unnest($1::int[]) AS id) AS v`. A key that equals such a
 * column finds as few rows as there are values: so bulk updates are written.
 */
export function valueItems(items: unknown): ValueItems {
  const found = new Map<string, ReadonlySet<string>>();
  for (const item of list(items)) {
    const [name, columns] = ofSubselect(item) ?? ofFunction(item) ?? [];
    if (name !== undefined && columns !== undefined) found.set(name, new Set(columns));
  }
  return found;
}

type Named = readonly [name: string, columns: readonly string[]];

function ofSubselect(item: unknown): Named | undefined {
  const subselect = as("RangeSubselect", item);
  if (subselect?.alias === undefined) return undefined;
  const alias = open("Alias", subselect.alias);
  const listed = names(alias.colnames);
  const select = as("SelectStmt", subselect.subquery);
  if (select === undefined) return undefined;
  const columns = ofValues(select, listed) ?? ofTargets(select, listed);
  return columns === undefined ? undefined : [text(alias.aliasname), columns];
}

/** Whether a SELECT has these members and no others; its kinds of set operation and limit stand in every one. */
export function hasOnly(select: Fields, ...members: readonly string[]): boolean {
  return (
    text(select.op) === "SETOP_NONE" &&
    Object.keys(select).every((name) => name === "op" || name === "limitOption" || members.includes(name))
  );
}

/** The rows of a plain VALUES; undefined for anything else, or where a row may be wider than it is written. */
export function plainRows(select: Fields): readonly (readonly unknown[])[] | undefined {
  const rows = list(select.valuesLists).map((row) => list(open("List", as("List", row)).items));
  return rows.length > 0 && hasOnly(select, "valuesLists") && !rows.flat().some(mayBeStar) ? rows : undefined;
}

/** `t.*` and `(x).*` stand for any number of values. */
export function mayBeStar(node: unknown): boolean {
  const kind = kindOf(node);
  return kind === "ColumnRef" || kind === "A_Indirection"
    ? kindOf(
        list(as("ColumnRef", node)?.fields).at(-1) ?? list(as("A_Indirection", node)?.indirection).at(-1),
      ) === "A_Star"
    : false;
}

function ofValues(select: Fields, listed: readonly string[]): readonly string[] | undefined {
  const rows = plainRows(select);
  return rows === undefined
    ? undefined
    : listed.filter((_, at) => rows.every((row) => row[at] !== undefined && isValue(row[at])));
}

function ofTargets(select: Fields, listed: readonly string[]): readonly string[] | undefined {
  if (!hasOnly(select, "targetList") || listed.length > 0) return undefined;
  return list(select.targetList).flatMap((item) => {
    const target = as("ResTarget", item);
    const isMade = target !== undefined && (isValue(target.val) || isUnnested(target.val));
    return isMade ? [text(target.name)] : [];
  });
}

function ofFunction(item: unknown): Named | undefined {
  const range = as("RangeFunction", item);
  const calls = list(range?.functions);
  if (range?.alias === undefined || calls.length !== 1 || range.coldeflist !== undefined) return undefined;
  const alias = open("Alias", range.alias);
  const [call, definitions] = list(as("List", calls[0])?.items);
  if (definitions !== undefined && Object.keys(definitions as object).length > 0) return undefined;
  const args = isUnnest(call) ? list(as("FuncCall", call)?.args) : [];
  const columns = names(alias.colnames).filter((_, at) => args[at] !== undefined && isMadeArray(args[at]));
  return [text(alias.aliasname), columns];
}

function isUnnested(node: unknown): boolean {
  const args = list(as("FuncCall", node)?.args);
  return isUnnest(node) && args.length === 1 && args.every(isMadeArray);
}

function isUnnest(node: unknown): boolean {
  const name = names(as("FuncCall", node)?.funcname).join(".");
  return name === "unnest" || name === "pg_catalog.unnest";
}

/** An array by its type or its brackets: unnest of a tsvector gives three columns. */
function isMadeArray(node: unknown): boolean {
  if (isArray(node)) return true;
  const cast = as("TypeCast", node);
  return (
    cast !== undefined && isValue(cast.arg) && list(open("TypeName", cast.typeName).arrayBounds).length > 0
  );
}
