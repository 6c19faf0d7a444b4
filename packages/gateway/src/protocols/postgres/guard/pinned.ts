import type { Range } from "./naming.ts";
import { as, kindOf, list, names, one, open, text } from "./nodes.ts";

/**
 * Whether a condition finds rows by a key for certain: at its top, joined by AND with whatever else, stands a key
 * column = value, key IN (values) or key = ANY (value); under OR every branch must. A value is a constant or a
 * parameter, so that no tautology (`id = id`, `1 = 1`, `id = 1 OR true`) passes.
 * @param target the table written
 * @param joined whether other items are joined; then the key must be qualified, as an unqualified one may be theirs
 */
export function isPinned(where: unknown, keys: ReadonlySet<string>, target: Range, joined: boolean): boolean {
  const all = as("BoolExpr", where);
  if (all !== undefined) {
    const parts = list(all.args);
    const pinned = (part: unknown): boolean => isPinned(part, keys, target, joined);
    if (all.boolop === "AND_EXPR") return parts.some(pinned);
    return all.boolop === "OR_EXPR" && parts.length > 0 && parts.every(pinned);
  }
  const comparison = as("A_Expr", where);
  if (comparison === undefined) return false;
  const operator = names(comparison.name);
  const equals = operator.at(-1) === "=" && (operator.length === 1 || operator[0] === "pg_catalog");
  if (!equals) return false;
  const isKey = (node: unknown): boolean => isKeyColumn(node, keys, target, joined);
  switch (text(comparison.kind)) {
    case "AEXPR_OP":
      return (
        (isKey(comparison.lexpr) && isValue(comparison.rexpr)) ||
        (isKey(comparison.rexpr) && isValue(comparison.lexpr))
      );
    case "AEXPR_IN": {
      const values = list(as("List", comparison.rexpr)?.items);
      return isKey(comparison.lexpr) && values.length > 0 && values.every(isValue);
    }
    case "AEXPR_OP_ANY":
      return isKey(comparison.lexpr) && (isValue(comparison.rexpr) || isArray(comparison.rexpr));
    default:
      return false;
  }
}

function isKeyColumn(node: unknown, keys: ReadonlySet<string>, target: Range, joined: boolean): boolean {
  const reference = as("ColumnRef", node);
  if (reference === undefined) return false;
  const parts = list(reference.fields);
  if (parts.some((part) => kindOf(part) !== "String")) return false;
  const [first = "", second, ...more] = names(parts);
  if (more.length > 0) return false;
  if (second === undefined) return !joined && keys.has(first);
  return first === target.name && keys.has(second);
}

/** A constant or a parameter, under casts and a sign. */
function isValue(node: unknown): boolean {
  const { kind, fields } = one(node);
  if (kind === "A_Const" || kind === "ParamRef") return true;
  if (kind === "TypeCast") return isValue(fields.arg);
  if (kind !== "A_Expr" || text(fields.kind) !== "AEXPR_OP" || fields.lexpr !== undefined) return false;
  return names(fields.name).join(".") === "-" && isValue(fields.rexpr);
}

function isArray(node: unknown): boolean {
  const cast = as("TypeCast", node);
  if (cast !== undefined) return isArray(cast.arg);
  const array = as("A_ArrayExpr", node);
  if (array === undefined) return false;
  return list(open("A_ArrayExpr", array).elements).every(isValue);
}
