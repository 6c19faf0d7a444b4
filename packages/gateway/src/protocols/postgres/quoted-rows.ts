import type { NamedScope } from "../../gate/protocol.ts";
import type { PostgresScope } from "./scope.ts";

/**
 * Whether some table is granted in part only. Then the database's errors must not quote its rows: a violated constraint
 * says `Failing row contains (…)` with every column, whatever the statement named.
 */
export function hidesColumns(scopes: readonly NamedScope<PostgresScope>[]): boolean {
  return scopes.some(({ scope }) =>
    Object.values(scope.tables).some(
      (table) => table !== "all" && (Array.isArray(table) || table.select !== "all"),
    ),
  );
}

/** The tables that a grant names, as `schema.name`. */
export function tablesOf(scopes: readonly NamedScope<PostgresScope>[]): ReadonlySet<string> {
  return new Set(scopes.flatMap(({ scope }) => Object.keys(scope.tables)));
}
