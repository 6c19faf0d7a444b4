import { formatDuration } from "../../../kernel/durations.ts";
import type { PostgresScope, TableScope } from "../scope.ts";
import type { Compiled } from "./compile.ts";
import { shown } from "./refusal.ts";

/** A scope in words, one line a fact, for reviewers and listings. */
export function describeScope(scope: PostgresScope): readonly string[] {
  const tables = Object.entries(scope.tables);
  const lines: string[] = [`statements: ${scope.statements.join(", ")}`];
  for (const [name, table] of tables) lines.push(`table ${shown(name)}: ${describeTable(table)}`);
  if (tables.length === 0) lines.push("no tables");
  if (scope.require_where) lines.push("an update or delete must find its rows by a key column = value");
  if (scope.functions.length > 0) lines.push(`further functions: ${scope.functions.map(shown).join(", ")}`);
  if (scope.types.length > 0) lines.push(`further types: ${scope.types.map(shown).join(", ")}`);
  if (scope.catalog) lines.push("the catalogue: names and structure of everything in the database");
  if (scope.timeout !== undefined)
    lines.push(`a statement runs for at most ${formatDuration(scope.timeout)}`);
  return lines;
}

function describeTable(table: TableScope): string {
  if (table === "all") return "all columns";
  if (Array.isArray(table)) return `columns ${table.map(shown).join(", ")}`;
  if (typeof table === "string") return table;
  const uses: string[] = [];
  for (const use of ["select", "insert", "update"] as const) {
    const columns = table[use];
    if (columns !== undefined)
      uses.push(`${use} ${columns === "all" ? "all columns" : columns.map(shown).join(", ")}`);
  }
  if (table.delete === true) uses.push("delete rows");
  if (table.where !== undefined) uses.push(`rows found by ${table.where.map(shown).join(", ")}`);
  return uses.join("; ");
}

const MAX_LIST_CHARACTERS = 600;

/** What a grant covers, in words, for the hints of its denials. One line, bounded. */
export function coverWords(scopes: readonly Compiled[]): string {
  const covers = scopes.map(({ name, scope }) => `${name} (${brief(scope)})`).join(", ");
  return covers.length > MAX_LIST_CHARACTERS ? `${covers.slice(0, MAX_LIST_CHARACTERS)}…` : covers;
}

function brief(scope: PostgresScope): string {
  const tables = Object.entries(scope.tables).map(([name, table]) =>
    Array.isArray(table) ? `${shown(name)} (${table.map(shown).join(", ")})` : shown(name),
  );
  const what = tables.length === 0 ? (scope.catalog ? "the catalogue" : "no table") : tables.join(", ");
  return `${scope.statements.join(", ")} on ${what}`;
}
