import { rowFunctions } from "../expressions/builtin.ts";
import { refuseMistake, shown } from "../denied.ts";
import type { Level, Range } from "./naming.ts";
import type { Work } from "../work.ts";

// A column that a scope lists may not be in the table, or may be dropped while a statement that names it is kept. PostgreSQL
// then takes its name for something else, which may hold the columns that are not granted.

/**
 * A bare name means the whole row of an item of that name then (parse_expr.c, transformColumnRef).
 * @throws GuardDenied when there is one that is granted in part
 */
export function notRow(column: string, level: Level, work: Work): void {
  for (let at: Level | undefined = level; at !== undefined; at = at.outer) {
    work.spend(1 + at.ranges.length);
    const range = at.ranges.find((entry) => entry.name === column && entry.kind === "limited");
    if (range === undefined) continue;
    const table = range.table ?? "a table";
    refuseMistake(
      "columns",
      `${shown(column)} is also what ${table} is called here: if it had no such column, the name would mean its whole row`,
      `give it another name: ${table} AS another_name`,
    );
  }
}

/**
 * A qualified name calls a function of that name with the whole row then (parse_func.c, ParseFuncOrColumn).
 * @param functions those of the search path that are not granted
 * @throws GuardDenied when there is one
 */
export function notCalled(range: Range, name: string, column: string, functions: ReadonlySet<string>): void {
  if (functions.has(column) || rowFunctions.has(column))
    refuseMistake(
      "columns",
      `${shown(column)} is also a function: if ${range.table ?? "the table"} had no such column, ${shown(`${name}.${column}`)} would give it the whole row`,
      "name the column without its table, in a sub-select of that table alone",
    );
}
