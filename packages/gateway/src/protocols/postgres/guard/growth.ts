import { spend } from "./budget.ts";
import { as, constant, list, names } from "./nodes.ts";
import { refuse } from "./refusal.ts";

/**
 * Functions whose result can be far larger than the statement. PostgreSQL folds constants while planning and copies
 * memory without looking at its time-out, so that one short statement can take a gigabyte. Their size is bounded here.
 */
const growing: ReadonlySet<string> = new Set(["repeat", "lpad", "rpad"]);
const largestConstant = 10_000_000;
/** How long a value is taken to be that is not written in the statement. */
const unknownLength = 1000;

/** @throws Refusal when a call makes a value that is too large, or one whose size the statement does not say */
export function checkGrowth(name: string, args: readonly unknown[]): void {
  if (name === "format") return checkFormat(args[0]);
  if (name === "replace" || name === "regexp_replace") return checkReplace(name, args);
  if (!growing.has(name)) return;
  if (args.some((argument) => holdsGrowth(argument, 0)))
    refuse("limits", `${name} of a value that is itself made by a growing function is refused`);
  const count = Number(constant(args[1]) ?? Number.NaN);
  if (!Number.isFinite(count))
    refuse("limits", `${name} needs a number written in the statement as its count`);
  const length = constant(args[0])?.length ?? unknownLength;
  const size = name === "repeat" ? count * Math.max(1, length) : count;
  if (size > largestConstant) refuse("limits", `${name} may make at most ${largestConstant} characters`);
}

function checkFormat(template: unknown): void {
  const text = constant(template);
  if (text === null) return;
  if (text === undefined) refuse("limits", "format needs its template written in the statement");
  if (/%[^%sIL]{0,40}?(?:\d{5}|\*)/u.test(text)) refuse("limits", "format with such a width is refused");
}

function checkReplace(name: string, args: readonly unknown[]): void {
  if (args.some((argument) => holdsGrowth(argument, 0)))
    refuse("limits", `${name} of a value that is itself made by a growing function is refused`);
  const [subject, , replacement] = args.map((argument) => constant(argument)?.length ?? unknownLength);
  if ((subject ?? 0) * (replacement ?? 0) > largestConstant)
    refuse("limits", `${name} may make at most ${largestConstant} characters`);
}

/** Whether a growing call stands anywhere inside; looked for by its name in whatever node. */
function holdsGrowth(value: unknown, depth: number): boolean {
  if (depth > 200) return true;
  spend(1);
  if (Array.isArray(value)) return value.some((entry) => holdsGrowth(entry, depth + 1));
  if (typeof value !== "object" || value === null) return false;
  const call = as("FuncCall", value);
  if (call !== undefined) {
    const name = names(call.funcname).at(-1) ?? "";
    if (growing.has(name) || name === "replace" || name === "regexp_replace") return true;
    return list(call.args).some((argument) => holdsGrowth(argument, depth + 1));
  }
  return Object.values(value).some((entry) => holdsGrowth(entry, depth + 1));
}
