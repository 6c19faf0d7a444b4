import { names } from "../syntax/nodes.ts";
import { type Found, nothingFound } from "./found.ts";

/**
 * What a text names, taken to exist, for a trial without a database: a pattern is then judged by its letters alone.
 * @param statements a parsed text
 * @param searchPath where names without a schema are looked up
 */
export function assumedFound(statements: unknown, searchPath: readonly string[]): Found {
  const relations = new Set<string>();
  const functions = new Set<string>();
  const schema = searchPath[0] ?? "";
  const visit = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return;
    if ("relname" in value)
      relations.add(`${textOf(value, "schemaname") ?? schema}.${String(value.relname)}`);
    if ("funcname" in value) functions.add(functionOf(value.funcname, schema));
    for (const entry of Object.values(value)) visit(entry, depth + 1);
  };
  visit(statements, 0);
  const key = JSON.stringify([...relations, ...functions].toSorted());
  return { ...nothingFound, key, relations, functions, procedures: functions };
}

/** Far below where the stack ends. */
const MAX_DEPTH = 1000;

function textOf(value: object, member: string): string | undefined {
  const text: unknown = member in value ? (value as Record<string, unknown>)[member] : undefined;
  return typeof text === "string" ? text : undefined;
}

/** @param value the parts of a name, as the parse tree has them */
function functionOf(value: unknown, schema: string): string {
  const parts = names(value);
  return parts.length > 1 ? parts.join(".") : `${schema}.${parts[0] ?? ""}`;
}
