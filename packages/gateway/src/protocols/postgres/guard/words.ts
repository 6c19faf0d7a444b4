import { formatDuration } from "../../../kernel/durations.ts";
import type { PostgresScope, TableScope } from "../scope.ts";
import type { Compiled } from "./compile.ts";
import { methodWords } from "../masks/method.ts";
import { ANY_NAME, isPattern } from "./found/patterns.ts";
import { shown } from "./denied.ts";

/** A scope in words, one line a fact, for reviewers and listings. */
export function describeScope(scope: PostgresScope): readonly string[] {
  const tables = Object.entries(scope.tables);
  const lines: string[] = [`statements: ${scope.statements.join(", ")}`];
  for (const [name, table] of tables) {
    lines.push(`${describeName(name)}: ${describeTable(table)}`);
  }
  if (tables.length === 0) lines.push("no tables");
  for (const [column, method] of Object.entries(scope.mask))
    lines.push(`masked: ${shown(column)} ${methodWords(method)}`);
  if (scope.require_where) lines.push("updates and deletes must select rows by key (WHERE key = …)");
  if (scope.functions.length > 0) lines.push(`further functions: ${scope.functions.map(shown).join(", ")}`);
  if (scope.procedures.length > 0) lines.push(`procedures: ${scope.procedures.map(shown).join(", ")}`);
  if (usesPatterns(scope)) lines.push("a pattern covers what matches when a session starts");
  if (scope.except.length > 0) lines.push(`no pattern covers: ${scope.except.map(shown).join(", ")}`);
  if (scope.types.length > 0) lines.push(`further types: ${scope.types.map(shown).join(", ")}`);
  if (scope.extensions.length > 0)
    lines.push(`operators, functions and types of: ${scope.extensions.map(shown).join(", ")}`);
  if (scope.temporary_tables) lines.push("temporary tables of the session's own");
  if (scope.channels.length > 0) lines.push(`channels: ${scope.channels.map(shown).join(", ")}`);
  if (scope.settings.length > 0)
    lines.push(`settings that may be set to anything: ${scope.settings.map(shown).join(", ")}`);
  if (scope.catalog === true) lines.push("the catalogue: names and structure of everything in the database");
  if (scope.catalog === false) lines.push("nothing of the catalogue, not even the structure of these tables");
  if (scope.timeout !== undefined)
    lines.push(`a statement runs for at most ${formatDuration(scope.timeout)}`);
  return lines;
}

function describeName(name: string): string {
  if (name === ANY_NAME) return "every table and view";
  return `${isPattern(name) ? "every table and view that matches" : "table"} ${shown(name)}`;
}

function usesPatterns({ tables, functions, procedures }: PostgresScope): boolean {
  return [...Object.keys(tables), ...functions, ...procedures].some(isPattern);
}

/** What an entry grants that names its uses one by one; of any other nothing. */
function usesOf(table: TableScope): string {
  return typeof table === "string" ? "" : describeTable(table).replaceAll(" all columns", "");
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
  if (table.truncate === true) uses.push("empty it with TRUNCATE");
  if (table.refresh === true) uses.push("refresh it");
  if (table.partitions === true) uses.push("its partitions by their own names too");
  if (table.leaky_view !== undefined)
    uses.push("as a view that can tell of the rows that it leaves out (leaky_view: accepted)");
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
  const tables = Object.entries(scope.tables).map(([name, table]) => {
    const what = Array.isArray(table) ? table.map(shown).join(", ") : usesOf(table);
    return what === "" ? shown(name) : `${shown(name)} (${what})`;
  });
  const excepted = scope.except.length === 0 ? "" : ` except ${scope.except.map(shown).join(", ")}`;
  const temporary = scope.temporary_tables ? ["temporary tables"] : [];
  const named = [...tables, ...[...scope.procedures, ...scope.channels].map(shown), ...temporary];
  const what =
    named.length === 0 ? (scope.catalog === true ? "the catalogue" : "no table") : named.join(", ");
  const masked = Object.keys(scope.mask).map(shown).join(", ");
  const masks = masked === "" ? "" : `, with ${masked} masked`;
  return `${scope.statements.join(", ")} on ${what}${excepted}${masks}`;
}
