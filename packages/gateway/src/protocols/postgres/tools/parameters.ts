import { MayflyError } from "../../../kernel/errors.ts";

/** json, jsonb; and the arrays of both. */
const jsonTypes: ReadonlySet<number> = new Set([114, 3802]);
const jsonArrays: ReadonlySet<number> = new Set([199, 3807]);

/** How many dimensions an array may have (PostgreSQL's MAXDIM). */
const MAX_DIMENSIONS = 6;
/** How deep a value may be nested: JSON.stringify works on the stack. */
const MAX_DEPTH = 100;

/** Whether how a value is written hangs on its parameter's type. */
export function needsType(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Whether a value is nested no deeper than this works on. */
export function isShallow(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isShallow(each, depth - 1));
}

/**
 * A parameter as PostgreSQL reads it in text form: for json and jsonb a list or an object as JSON, and any other list as an
 * array (manual, "Array Input and Output Syntax").
 * @param type of the parameter, where the server was asked for it
 * @throws MayflyError too_deep
 */
export function parameterText(value: unknown, type?: number): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (!isShallow(value))
    throw new MayflyError("too_deep", "a parameter is nested too deeply", { status: 400 });
  if (!Array.isArray(value) || (type !== undefined && jsonTypes.has(type))) return JSON.stringify(value);
  return arrayText(value, type !== undefined && jsonArrays.has(type), MAX_DIMENSIONS);
}

function arrayText(list: readonly unknown[], ofJson: boolean, dimensions: number): string {
  if (dimensions === 0)
    throw new MayflyError("too_deep", `an array has at most ${MAX_DIMENSIONS} dimensions`, { status: 400 });
  const elements = list.map((each) => {
    if (Array.isArray(each) && !ofJson) return arrayText(each, ofJson, dimensions - 1);
    if (each === null && !ofJson) return "NULL";
    const text = typeof each === "string" && !ofJson ? each : JSON.stringify(each);
    return `"${text.replaceAll(/["\\]/gu, "\\$&")}"`;
  });
  return `{${elements.join(",")}}`;
}
