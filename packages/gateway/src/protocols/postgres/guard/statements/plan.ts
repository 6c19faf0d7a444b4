import { refuse, shown } from "../denied.ts";
import { names, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";

/**
 * A verbose plan names all columns of a table that it scans: refused where only some are granted. Any plan shows the
 * body of a function in SQL that it has taken in: refused for functions of the database's own.
 */
export function checkPlan(value: unknown, walk: Walk, verbose: boolean, depth: number): void {
  const { scope } = walk;
  walk.work.spend(1);
  if (depth > 2000) refuse("limits", "the statement is nested too deeply to be judged");
  if (typeof value !== "object" || value === null) return;
  if (verbose && "relname" in value) {
    const schema = "schemaname" in value ? text(value.schemaname) : (scope.searchPath[0] ?? "");
    const full = `${schema}.${text(value.relname)}`;
    const grant = scope.tables.get(full);
    if (grant !== undefined && grant.select !== "all" && grant.touch !== "all")
      refuse(
        "columns",
        `EXPLAIN VERBOSE would name all columns of ${shown(full)}, of which only some are granted`,
        "leave VERBOSE out",
      );
  }
  if (scope.functions.size > 0 && "funcname" in value) {
    const parts = names(value.funcname);
    const name = parts.at(-1) ?? "";
    if (scope.functionNames.has(name))
      refuse(
        "functions",
        `EXPLAIN would show what the function ${shown(name)} does inside`,
        "explain a statement without it",
      );
  }
  for (const entry of Object.values(value)) checkPlan(entry, walk, verbose, depth + 1);
}
