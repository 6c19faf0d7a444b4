import { placeOf, type ValueChange } from "./changes.ts";
import type { Tokens } from "./tokens.ts";

/** Where a value stands that is checked. */
export function placeOfValue(
  { at }: ValueChange,
  tokens: Tokens,
): { start: number; end: number } | undefined {
  if (at.kind === "argument") return tokens.argumentsOf(placeOf(at.call))[at.index];
  if (at.kind === "call") return tokens.call(placeOf(at.call));
  const operand = tokens.castOperand(placeOf(at.cast));
  if (at.kind === "operand" || operand === undefined) return operand;
  const type = (at.cast as { readonly typeName?: object }).typeName ?? {};
  const end = tokens.castEnd(placeOf(at.cast), placeOf(type));
  const start = Math.min(operand.start, placeOf(at.cast));
  return end === undefined ? undefined : { start, end };
}

/** Where another argument of its call stands. */
export function otherPlace(
  { at }: ValueChange,
  index: number,
  tokens: Tokens,
): { start: number; end: number } | undefined {
  return at.kind === "argument" ? tokens.argumentsOf(placeOf(at.call))[index] : undefined;
}
