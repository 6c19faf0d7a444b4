import { type DatabaseFacts, plainDatabase } from "./database.ts";
import type { PostgresScope, StatementKind, TableScope } from "../scope.ts";

/** Columns that may be used: all of them, or these. */
export type Columns = "all" | ReadonlySet<string>;

/** One table of a scope. A use that is left out is not granted. */
export interface TableGrant {
  readonly select?: Columns;
  readonly insert?: Columns;
  readonly update?: Columns;
  readonly delete: boolean;
  /** What an insert, update or delete may read of its target: in WHERE, SET and RETURNING. */
  readonly touch: Columns;
  /** Those of `touch` that nobody lists: whether the table has them is not certain. */
  readonly assumed: ReadonlySet<string>;
  /** Columns by one of which an update or delete finds its rows when `requireWhere` is set. */
  readonly keys: ReadonlySet<string>;
}

/** A scope, made ready for judging. */
export interface Compiled {
  /** `connection/operation`. */
  readonly name: string;
  readonly scope: PostgresScope;
  readonly statements: ReadonlySet<StatementKind>;
  readonly tables: ReadonlyMap<string, TableGrant>;
  readonly functions: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly catalog: boolean;
  readonly requireWhere: boolean;
  /** Whether the operation changes data at all. */
  readonly writes: boolean;
  /** The schemas that the gateway fixed upstream for unqualified names, pg_catalog before them left out. */
  readonly searchPath: readonly string[];
  /** What the database itself adds. */
  readonly database: DatabaseFacts;
}

const defaultKeys: readonly string[] = ["id"];

/** Makes a scope ready for judging. Pure. */
export function compileScope(
  name: string,
  scope: PostgresScope,
  searchPath: readonly string[],
  database: DatabaseFacts = plainDatabase,
): Compiled {
  const statements = new Set(scope.statements);
  return {
    name,
    scope,
    statements,
    tables: new Map(
      Object.entries(scope.tables).map(([table, entry]) => [table, compileTable(entry, statements)]),
    ),
    functions: new Set(scope.functions),
    types: new Set(scope.types),
    catalog: scope.catalog,
    requireWhere: scope.require_where,
    writes: scope.statements.some((kind) => kind !== "select" && kind !== "copy_to"),
    searchPath,
    database: withoutListed(database, scope.functions, searchPath[0] ?? ""),
  };
}

/** A row's function that the scope lists may be called by `t.name` too. */
function withoutListed(database: DatabaseFacts, listed: readonly string[], schema: string): DatabaseFacts {
  const rowFunctions = [...database.rowFunctions].filter((name) => !listed.includes(`${schema}.${name}`));
  return { ...database, rowFunctions: new Set(rowFunctions) };
}

function compileTable(entry: TableScope, granted: ReadonlySet<StatementKind>): TableGrant {
  if (typeof entry === "string" || Array.isArray(entry)) {
    const columns: Columns = typeof entry === "string" ? "all" : new Set(entry);
    return {
      ...(granted.has("select") || granted.has("copy_to") ? { select: columns } : {}),
      ...(granted.has("insert") || granted.has("copy_from") ? { insert: columns } : {}),
      ...(granted.has("update") ? { update: columns } : {}),
      delete: granted.has("delete"),
      touch: union(columns, new Set(defaultKeys)),
      assumed: without(new Set(defaultKeys), columns),
      keys: new Set(defaultKeys),
    };
  }
  const keys = new Set(entry.where ?? defaultKeys);
  const columnsOf = (columns: "all" | readonly string[]): Columns =>
    columns === "all" ? "all" : new Set(columns);
  return {
    ...(entry.select === undefined ? {} : { select: columnsOf(entry.select) }),
    ...(entry.insert === undefined ? {} : { insert: columnsOf(entry.insert) }),
    ...(entry.update === undefined ? {} : { update: columnsOf(entry.update) }),
    delete: entry.delete === true,
    touch: union(columnsOf(entry.select ?? []), keys),
    assumed: entry.where === undefined ? without(keys, columnsOf(entry.select ?? [])) : new Set(),
    keys,
  };
}

function without(columns: ReadonlySet<string>, listed: Columns): ReadonlySet<string> {
  return listed === "all" ? new Set() : new Set([...columns].filter((column) => !listed.has(column)));
}

function union(columns: Columns, more: ReadonlySet<string>): Columns {
  return columns === "all" ? "all" : new Set([...columns, ...more]);
}
