import type { Work } from "../work.ts";
import { as, constant, type Fields, list, names, open, text } from "../syntax/nodes.ts";
import { refuse } from "../denied.ts";

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
const MAX_VALUE_CHARACTERS = 10_000_000;
/** How long a value is taken to be that is not written in the statement, and a replacement for a part of one. */
const unknownLength = 1000;
const unknownReplacement = 100;

/** @throws GuardDenied when a call makes a value that is too large, or one whose size the statement does not say */
export function checkGrowth(name: string, args: readonly unknown[], work: Work): void {
  if (name === "format") return checkFormat(args[0], work);
  if (!growing.has(name)) return;
  const size = sizeOfCall(name, args, 0, work);
  if (Number.isNaN(size))
    refuse(
      "limits",
      `${name} needs a count whose bound is written in the statement`,
      "write the count as a number, or bound it: least(1000, …)::int",
    );
  work.grow(size);
  if (size > MAX_VALUE_CHARACTERS || work.grown > MAX_VALUE_CHARACTERS)
    refuse(
      "limits",
      `${name} may make at most ${MAX_VALUE_CHARACTERS} characters`,
      "make it shorter: a value that is not written in the statement counts as 1000 characters",
    );
}

function checkFormat(template: unknown, work: Work): void {
  const written = constant(template, work);
  if (written === null) return;
  if (written === undefined)
    refuse(
      "limits",
      "format needs its template written in the statement",
      "write it as a constant: format('%s', …)",
    );
  if (/%[^%sIL]{0,40}?(?:\d{5}|\*)/u.test(written))
    refuse("limits", "format with such a width is refused", "write a width of at most four digits: %20s");
}

/** How long the result of a growing function is at most; NaN when its count is not written in the statement. */
function sizeOfCall(name: string, args: readonly unknown[], depth: number, work: Work): number {
  const [subject, second, third] = args;
  switch (name) {
    case "repeat":
      return countOf(second, work) * Math.max(1, sizeOf(subject, depth, work));
    case "lpad":
    case "rpad":
      return countOf(second, work);
    case "replace":
    case "regexp_replace":
      return (
        sizeOf(subject, depth, work) *
        Math.max(1, constant(third, work)?.length ?? replacementOf(third, depth, work))
      );
    default:
      return sizeOf(subject, depth, work);
  }
}

/** The most that a count can be: a constant, or what least() and casts to integers leave of one. NaN: not known. */
function countOf(node: unknown, work: Work): number {
  const literal = constant(node, work);
  return literal === undefined ? boundOf(node, 0, work) : Number(literal ?? Number.NaN);
}

function boundOf(node: unknown, depth: number, work: Work): number {
  if (depth > 200) return Number.NaN;
  work.spend(1);
  const written = as("A_Const", node);
  if (written !== undefined) return boundWritten(written, node, work);
  const cast = as("TypeCast", node);
  if (cast !== undefined) return isInteger(cast.typeName) ? boundOf(cast.arg, depth + 1, work) : Number.NaN;
  const choice = as("MinMaxExpr", node);
  if (choice === undefined || text(choice.op) !== "IS_LEAST") return Number.NaN;
  const bounds = list(choice.args)
    .map((each) => boundOf(each, depth + 1, work))
    .filter((each) => !Number.isNaN(each));
  return bounds.length === 0 ? Number.NaN : Math.min(...bounds);
}

/** What a constant bounds: a number that least() compares as one, whatever stands beside it. */
function boundWritten(written: Fields, node: unknown, work: Work): number {
  // A text would have least() compare texts: '1000000' is less than '99'.
  if (written.ival === undefined && written.fval === undefined) return Number.NaN;
  const value = Number(constant(node, work) ?? Number.NaN);
  // Beside an oid -1 becomes one, which is the largest of all.
  return value < 0 ? Number.NaN : value;
}

/** Whether a type is an integer for certain: a cast to it leaves a number what it is, but for its fraction. */
function isInteger(value: unknown): boolean {
  const type = open("TypeName", value);
  const parts = names(type.names);
  const name = parts.at(-1) ?? "";
  const isOwn = parts.length > 2 || (parts.length === 2 && parts[0] !== "pg_catalog");
  return !isOwn && ["int2", "int4", "int8"].includes(name) && list(type.arrayBounds).length === 0;
}

function replacementOf(node: unknown, depth: number, work: Work): number {
  const size = sizeOf(node, depth, work);
  return size <= unknownLength ? unknownReplacement : size;
}

/** About how long a value is at most: made of what stands in it, and of what growing functions made before. */
function sizeOf(value: unknown, depth: number, work: Work): number {
  if (depth > 200) return Number.POSITIVE_INFINITY;
  work.spend(1);
  const literal = constant(value, work);
  if (literal !== undefined) return literal?.length ?? 0;
  let size = Math.max(unknownLength, work.grown);
  const call = as("FuncCall", value);
  if (call !== undefined) {
    const name = names(call.funcname).at(-1) ?? "";
    if (growing.has(name)) {
      const made = sizeOfCall(name, list(call.args), depth + 1, work);
      return Number.isNaN(made) ? Number.POSITIVE_INFINITY : made;
    }
  }
  if (typeof value !== "object" || value === null) return size;
  for (const entry of Object.values(value)) {
    if (typeof entry === "object") size = Math.max(size, sizeOf(entry, depth + 1, work));
  }
  return size;
}
