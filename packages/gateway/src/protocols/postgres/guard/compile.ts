import { type DatabaseFacts, type EnumColumn, plainDatabase } from "./database.ts";
import { concreteScope } from "./found/concrete.ts";
import { coveredBy, type ExtensionNames } from "./found/extensions.ts";
import { type PostgresScope, readingKinds, type StatementKind, type TableScope } from "../scope.ts";
import { underMasks, without } from "./under-masks.ts";
import { runsOwnCode } from "./granted.ts";
import { type Temporary, temporaryOf } from "./temporary/temporary.ts";
import { type Structure, structureOf } from "./structure/structure.ts";

/** Columns that may be used: all of them, or these. */
export type Columns = "all" | ReadonlySet<string>;

/** One table of a scope. A use that is left out is not granted. */
export interface TableGrant {
  readonly select?: Columns;
  readonly insert?: Columns;
  readonly update?: Columns;
  readonly delete: boolean;
  readonly truncate: boolean;
  readonly refresh: boolean;
  /** What an insert, update or delete may read of its target: in WHERE, SET and RETURNING. */
  readonly touch: Columns;
  /** Those of `touch` that nobody lists: whether the table has them is not certain. */
  readonly assumed: ReadonlySet<string>;
  /** Whether a view may be used though it could tell of the rows that it leaves out. */
  readonly takesLeaks: boolean;
  /** Columns by one of which an update or delete finds its rows when `requireWhere` is set. */
  readonly keys: ReadonlySet<string>;
  /** Columns that a query may give to the client alone, where they are masked: none of the uses above has them. */
  readonly masked: ReadonlySet<string>;
  /** The full name of a masked column of another table that it would show as it is. */
  readonly shows?: string;
}

/** A scope, made ready for judging. */
export interface Compiled {
  /** `connection/operation`. */
  readonly name: string;
  readonly scope: PostgresScope;
  readonly statements: ReadonlySet<StatementKind>;
  readonly tables: ReadonlyMap<string, TableGrant>;
  readonly functions: ReadonlySet<string>;
  /** Their names without schemas. */
  readonly functionNames: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** Enum types of granted columns: a cast to one tells what its column does, and runs nothing. */
  readonly enums: ReadonlySet<string>;
  readonly procedures: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
  /** What belongs to the extensions that the scope lists. */
  readonly extensions: ExtensionNames;
  /** Whether the whole catalogue is open. */
  readonly catalog: boolean;
  /** What the catalogue shows of what is granted; undefined: it shows all, or nothing. */
  readonly structure: Structure | undefined;
  /** What of the catalogue shows the same to every grant; undefined: nothing of it is open. */
  readonly common: Structure | undefined;
  readonly requireWhere: boolean;
  /** Whether an operation of the grant lists functions or procedures that do not come with PostgreSQL. */
  readonly runsOwnCode: boolean;
  /** Temporary tables, where an operation of the grant grants them. */
  readonly temporary: Temporary | undefined;
  /** Whether the operation changes data at all. */
  readonly writes: boolean;
  /** The schemas that the gateway fixed upstream for unqualified names, pg_catalog before them left out. */
  readonly searchPath: readonly string[];
  /** What the database itself adds. */
  readonly database: DatabaseFacts;
  /** Functions that `t.name` may call and the scope does not list. */
  readonly rowFunctions: ReadonlySet<string>;
}

export const defaultKeys: readonly string[] = ["id"];

/** What a grant's operations come to together. */
interface Together {
  readonly structure: Structure | undefined;
  readonly temporary: Temporary | undefined;
  readonly runsOwnCode: boolean;
}

export function togetherOf(
  scopes: readonly PostgresScope[],
  searchPath: readonly string[],
  database: DatabaseFacts,
): Together {
  return {
    structure: structureOf(scopes, searchPath, database),
    temporary: temporaryOf(scopes, database),
    runsOwnCode: scopes.some(runsOwnCode),
  };
}

/** Makes a scope ready for judging. Pure. */
export function compileScope(
  name: string,
  scope: PostgresScope,
  searchPath: readonly string[],
  database: DatabaseFacts = plainDatabase,
  { structure, temporary, runsOwnCode }: Together = togetherOf([scope], searchPath, database),
): Compiled {
  const statements = new Set(scope.statements);
  const { tables: named, functions, procedures } = concreteScope(scope, database.found);
  const tables = new Map(
    Object.entries(named).map(([table, entry]) => [
      table,
      underMasks(table, compileTable(entry, statements), scope, database),
    ]),
  );
  const shown = scope.catalog === false ? undefined : structure;
  const extensions = coveredBy(scope.extensions, database.found);
  return {
    name,
    scope,
    statements,
    tables,
    functions: new Set(functions),
    functionNames: new Set(functions.map((full) => full.slice(full.indexOf(".") + 1))),
    types: new Set(scope.types),
    enums: new Set(database.enums.filter((each) => isUsed(each, tables)).flatMap(({ types }) => types)),
    procedures: new Set(procedures),
    channels: new Set(scope.channels),
    settings: new Set(scope.settings.filter((each) => !database.found.serverSettings.has(each))),
    extensions,
    catalog: scope.catalog === true,
    structure: scope.catalog === "granted" ? shown : undefined,
    common: shown,
    requireWhere: scope.require_where,
    runsOwnCode,
    temporary: temporary === undefined ? undefined : { ...temporary, isGranted: scope.temporary_tables },
    writes: scope.temporary_tables || scope.statements.some((kind) => !readingKinds.has(kind)),
    searchPath,
    database,
    rowFunctions: unlisted(database.rowFunctions, functions),
  };
}

/** Whether a column is granted for any use. */
function isUsed({ table, column }: EnumColumn, tables: ReadonlyMap<string, TableGrant>): boolean {
  const grant = tables.get(table);
  return [grant?.select, grant?.insert, grant?.update, grant?.touch].some(
    (columns) => columns === "all" || columns?.has(column) === true,
  );
}

/** Bare names that may call a function which the scope does not list. */
function unlisted(
  found: ReadonlyMap<string, ReadonlySet<string>>,
  listed: readonly string[],
): ReadonlySet<string> {
  return new Set(
    [...found].flatMap(([name, schemas]) =>
      [...schemas].every((schema) => listed.includes(`${schema}.${name}`)) ? [] : [name],
    ),
  );
}

function compileTable(entry: TableScope, granted: ReadonlySet<StatementKind>): TableGrant {
  if (typeof entry === "string" || Array.isArray(entry)) {
    const columns: Columns = typeof entry === "string" ? "all" : new Set(entry);
    return {
      ...(granted.has("select") || granted.has("copy_to") ? { select: columns } : {}),
      ...(granted.has("insert") || granted.has("copy_from") ? { insert: columns } : {}),
      ...(granted.has("update") ? { update: columns } : {}),
      delete: granted.has("delete"),
      truncate: false,
      refresh: false,
      touch: union(columns, new Set(defaultKeys)),
      assumed: without(new Set(defaultKeys), columns),
      takesLeaks: false,
      keys: new Set(defaultKeys),
      masked: none,
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
    truncate: entry.truncate === true,
    refresh: entry.refresh === true,
    touch: union(columnsOf(entry.select ?? []), keys),
    assumed: entry.where === undefined ? without(keys, columnsOf(entry.select ?? [])) : new Set(),
    takesLeaks: entry.leaky_view === "accepted",
    keys,
    masked: none,
  };
}

const none: ReadonlySet<string> = new Set();

function union(columns: Columns, more: ReadonlySet<string>): Columns {
  return columns === "all" ? "all" : new Set([...columns, ...more]);
}
