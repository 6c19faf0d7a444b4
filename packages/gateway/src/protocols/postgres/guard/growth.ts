import { grow, grown, spend } from "./budget.ts";
import { as, constant, list, names } from "./nodes.ts";
import { refuse } from "./refusal.ts";

/**
 * Functions whose result can be far larger than the statement. PostgreSQL folds constants while planning and copies
 * memory without looking at its time-out, so that one short statement can take a gigabyte. Their size is bounded here.
 */
const growing: ReadonlySet<string> = new Set([
  "repeat",
  "lpad",
  "rpad",
  "replace",
  "regexp_replace",
  "translate",
]);
const largestValue = 10_000_000;
/**
 * Functions that compare every character of one value with every one of another, deaf to time-out and cancelling
 * all the while (varlena.c, oracle_compat.c).
 */
const comparing: ReadonlySet<string> = new Set([
  "position",
  "replace",
  "split_part",
  "string_to_array",
  "string_to_table",
  "strpos",
  "translate",
]);
const mostComparisons = 100_000_000;
/** How long a value is taken to be that is not written in the statement, and a replacement for a part of one. */
const unknownLength = 1000;
const unknownReplacement = 100;

/** @throws Refusal when a call makes a value that is too large, or one whose size the statement does not say */
export function checkGrowth(name: string, args: readonly unknown[]): void {
  if (name === "format") return checkFormat(args[0]);
  if (comparing.has(name) && sizeOf(args[0], 0) * sizeOf(args[1], 0) > mostComparisons)
    refuse("limits", `${name} of values that long is refused`);
  if (!growing.has(name)) return;
  const size = sizeOfCall(name, args, 0);
  if (Number.isNaN(size)) refuse("limits", `${name} needs a number written in the statement as its count`);
  grow(size);
  if (size > largestValue || grown() > largestValue)
    refuse("limits", `${name} may make at most ${largestValue} characters`);
}

function checkFormat(template: unknown): void {
  const text = constant(template);
  if (text === null) return;
  if (text === undefined) refuse("limits", "format needs its template written in the statement");
  if (/%[^%sIL]{0,40}?(?:\d{5}|\*)/u.test(text)) refuse("limits", "format with such a width is refused");
}

/** How long the result of a growing function is at most; NaN when its count is not written in the statement. */
function sizeOfCall(name: string, args: readonly unknown[], depth: number): number {
  const [subject, second, third] = args;
  switch (name) {
    case "repeat":
      return countOf(second) * Math.max(1, sizeOf(subject, depth));
    case "lpad":
    case "rpad":
      return countOf(second);
    case "replace":
    case "regexp_replace":
      return sizeOf(subject, depth) * Math.max(1, constant(third)?.length ?? replacementOf(third, depth));
    default:
      return sizeOf(subject, depth);
  }
}

function countOf(node: unknown): number {
  return Number(constant(node) ?? Number.NaN);
}

function replacementOf(node: unknown, depth: number): number {
  const size = sizeOf(node, depth);
  return size <= unknownLength ? unknownReplacement : size;
}

/** About how long a value is at most: made of what stands in it, and of what growing functions made before. */
function sizeOf(value: unknown, depth: number): number {
  if (depth > 200) return Number.POSITIVE_INFINITY;
  spend(1);
  const literal = constant(value);
  if (literal !== undefined) return literal?.length ?? 0;
  let size = Math.max(unknownLength, grown());
  const call = as("FuncCall", value);
  if (call !== undefined) {
    const name = names(call.funcname).at(-1) ?? "";
    if (growing.has(name)) {
      const made = sizeOfCall(name, list(call.args), depth + 1);
      return Number.isNaN(made) ? Number.POSITIVE_INFINITY : made;
    }
  }
  if (typeof value !== "object" || value === null) return size;
  for (const entry of Object.values(value)) {
    if (typeof entry === "object") size = Math.max(size, sizeOf(entry, depth + 1));
  }
  return size;
}
