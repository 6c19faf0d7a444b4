import type { Range } from "../names/naming.ts";
import { as, type Fields, kindOf, list, names, text } from "../syntax/nodes.ts";
import { mayBeStar, plainRows, type ValueItems } from "./value-items.ts";
import { isArray, isValue } from "./values.ts";

/** What finds a table's rows by a key. */
export interface Pinning {
  readonly keys: ReadonlySet<string>;
  /** The table whose rows are found. */
  readonly target: Pick<Range, "name" | "schema">;
  /** Whether other items are joined; then the key must be qualified, as an unqualified one may be theirs. */
  readonly joined: boolean;
  /** Of those, the ones that are made of the statement's own values. */
  readonly values: ValueItems;
}

/**
 * Whether a condition finds rows by a key for certain: at its top, joined by AND with whatever else, stands a key
 * column = value, key IN (values) or key = ANY (value), alone or as a part of a row; under OR every branch must. A
 * value is a constant, a parameter or a column of nothing but those, so that no tautology (`id = id`, `1 = 1`,
 * `id = 1 OR true`) passes.
 */
export function isPinned(where: unknown, pinning: Pinning): boolean {
  const all = as("BoolExpr", where);
  if (all !== undefined) {
    const parts = list(all.args);
    const pinned = (part: unknown): boolean => isPinned(part, pinning);
    if (all.boolop === "AND_EXPR") return parts.some(pinned);
    return all.boolop === "OR_EXPR" && parts.length > 0 && parts.every(pinned);
  }
  const among = as("SubLink", where);
  if (among !== undefined) return isAmongRows(among, pinning);
  const comparison = as("A_Expr", where);
  if (comparison === undefined || !isEquals(names(comparison.name))) return false;
  const { lexpr, rexpr } = comparison;
  switch (text(comparison.kind)) {
    case "AEXPR_OP":
      return isPair(lexpr, rexpr, pinning) || isPair(rexpr, lexpr, pinning);
    case "AEXPR_IN": {
      const values = list(as("List", rexpr)?.items);
      return values.length > 0 && areAmong(lexpr, values.map(partsOf), pinning);
    }
    case "AEXPR_OP_ANY":
      return isKeyColumn(lexpr, pinning) && (isValue(rexpr) || isArray(rexpr));
    default:
      return false;
  }
}

function isEquals(operator: readonly string[]): boolean {
  return operator.at(-1) === "=" && (operator.length === 1 || operator[0] === "pg_catalog");
}

/** `key = value`, or `(key, …) = (value, …)`: rows are equal when their parts are, one by one. */
function isPair(keys: unknown, values: unknown, pinning: Pinning): boolean {
  const [left, right] = [partsOf(keys), partsOf(values)];
  if ([...left, ...right].some(mayBeStar) || left.length !== right.length) return false;
  return left.some((key, at) => isKeyColumn(key, pinning) && isOwnValue(right[at], pinning.values));
}

/** `key IN (…)`, or `(key, …) IN ((…), …)`: in one place stands a key, and in every row a value. */
function areAmong(keys: unknown, rows: readonly (readonly unknown[])[], pinning: Pinning): boolean {
  const left = partsOf(keys);
  if (left.some(mayBeStar) || rows.some((row) => row.length !== left.length || row.some(mayBeStar)))
    return false;
  return left.some((key, at) => isKeyColumn(key, pinning) && rows.every((row) => isValue(row[at])));
}

/** `key IN (VALUES …)`. */
function isAmongRows(among: Fields, pinning: Pinning): boolean {
  const operator = names(among.operName);
  const isIn = text(among.subLinkType) === "ANY_SUBLINK" && (operator.length === 0 || isEquals(operator));
  const select = as("SelectStmt", among.subselect);
  const rows = isIn && select !== undefined ? plainRows(select) : undefined;
  return rows !== undefined && areAmong(among.testexpr, rows, pinning);
}

/** The parts of a row, or the one expression. */
function partsOf(node: unknown): readonly unknown[] {
  const row = as("RowExpr", node);
  return row === undefined ? [node] : list(row.args);
}

function nameParts(node: unknown): readonly string[] {
  const parts = list(as("ColumnRef", node)?.fields);
  return parts.some((part) => kindOf(part) !== "String") ? [] : names(parts);
}

function isKeyColumn(node: unknown, { keys, target, joined }: Pinning): boolean {
  const [column, table, schema, ...more] = nameParts(node).toReversed();
  if (column === undefined || more.length > 0 || !keys.has(column)) return false;
  if (table === undefined) return !joined;
  return table === target.name && (schema === undefined || schema === target.schema);
}

/** A value, or the column of an item that holds nothing else. */
function isOwnValue(node: unknown, values: ValueItems): boolean {
  if (isValue(node)) return true;
  const [column = "", item = "", ...more] = nameParts(node).toReversed();
  return more.length === 0 && values.get(item)?.has(column) === true;
}

/**
 * Whether ON CONFLICT finds rows by a key for certain: the key is among what must be unique, and a value in each of the
 * rows to insert.
 */
export function isPinnedConflict(
  insert: Fields,
  infer: Fields | undefined,
  keys: ReadonlySet<string>,
): boolean {
  const select = as("SelectStmt", insert.selectStmt);
  const rows = select === undefined ? undefined : plainRows(select);
  if (rows === undefined) return false;
  const columns = list(insert.cols).map((column) => {
    const target = as("ResTarget", column);
    return target === undefined || target.indirection !== undefined ? "" : text(target.name);
  });
  return list(infer?.indexElems).some((element) => {
    const name = text(as("IndexElem", element)?.name);
    const at = columns.indexOf(name);
    return at >= 0 && keys.has(name) && rows.every((row) => row[at] !== undefined && isValue(row[at]));
  });
}
