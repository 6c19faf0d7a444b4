import { as, list, names, one, open, text } from "../syntax/nodes.ts";

/** A constant or a parameter, under casts and a sign. */
export function isValue(node: unknown): boolean {
  const { kind, fields } = one(node);
  if (kind === "A_Const" || kind === "ParamRef") return true;
  if (kind === "TypeCast") return isValue(fields.arg);
  if (kind !== "A_Expr" || text(fields.kind) !== "AEXPR_OP" || fields.lexpr !== undefined) return false;
  return names(fields.name).join(".") === "-" && isValue(fields.rexpr);
}

/** `ARRAY[…]` of values, under casts. */
export function isArray(node: unknown): boolean {
  const cast = as("TypeCast", node);
  if (cast !== undefined) return isArray(cast.arg);
  const array = as("A_ArrayExpr", node);
  if (array === undefined) return false;
  return list(open("A_ArrayExpr", array).elements).every(isValue);
}
