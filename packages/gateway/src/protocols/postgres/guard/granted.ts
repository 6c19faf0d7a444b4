import type { NamedScope } from "../../../gate/protocol.ts";
import { type PostgresScope, readingKinds } from "../scope.ts";
import { concreteScope } from "./found/concrete.ts";
import { type Found, nothingFound } from "./found/found.ts";

/** What the operations of a grant come to together, found out once a session. */
export interface Granted {
  readonly scopes: readonly NamedScope<PostgresScope>[];
  /** The tables that they name, as `schema.name`. */
  readonly tables: ReadonlySet<string>;
  /** Of those, the ones of which an operation may read every column. */
  readonly wholeTables: ReadonlySet<string>;
  /** Of those, the ones of which an operation lets every row be read: not those that it may only write. */
  readonly readTables: ReadonlySet<string>;
  /**
   * Whether some table is granted in part only. Then the database's errors must not quote its rows: a violated
   * constraint says `Failing row contains (…)` with every column, whatever the statement named.
   */
  readonly hidesColumns: boolean;
  /** The channels whose notifications may arrive. */
  readonly channels: ReadonlySet<string>;
  /** Whether one grants temporary tables. */
  readonly temporaryTables: boolean;
  /** The functions and procedures that they name, as `schema.name`. */
  readonly routines: ReadonlySet<string>;
  /** Whether functions, procedures or types are granted that do not come with PostgreSQL: they may run code of their own. */
  readonly ownCode: boolean;
  /** Whether none of them changes anything. */
  readonly onlyReads: boolean;
  /** Whether one grants the whole catalogue. */
  readonly catalog: boolean;
  /**
   * Whether one shows the structure of what it grants. What the gateway puts into such a question makes its plan look
   * costly, and compiling it takes a hundred times as long as running it.
   */
  readonly showsStructure: boolean;
  /** Whether nothing is granted that what the database holds could change the meaning of. */
  readonly reachesNothing: boolean;
  /** The shortest `timeout`, milliseconds; Infinity where they have none. */
  readonly timeout: number;
}

/**
 * Looks through a grant's operations.
 * @param found what their patterns match; before the database has been asked: nothing
 */
export function grantedBy(
  scopes: readonly NamedScope<PostgresScope>[],
  found: Found = nothingFound,
): Granted {
  const all = scopes.map(({ scope }) => concreteScope(scope, found));
  const whole = ({ tables }: PostgresScope): readonly string[] =>
    Object.keys(tables).filter((name) => !isPart(tables[name] ?? []));
  return {
    scopes,
    tables: new Set(all.flatMap(({ tables }) => Object.keys(tables))),
    wholeTables: new Set(all.flatMap(whole)),
    readTables: new Set(
      all
        .filter(({ statements }) => statements.includes("select") || statements.includes("copy_to"))
        .flatMap(whole),
    ),
    hidesColumns: all.some(({ tables }) => Object.values(tables).some(isPart)),
    temporaryTables: all.some((scope) => scope.temporary_tables),
    routines: new Set(all.flatMap(({ functions, procedures }) => [...functions, ...procedures])),
    ownCode: all.some((scope) => runsOwnCode(scope) || scope.types.length > 0 || scope.extensions.length > 0),
    // A transaction that only reads makes no table, a temporary one neither (utility.c, ClassifyUtilityCommandAsReadOnly).
    onlyReads: all.every(
      (scope) => !scope.temporary_tables && scope.statements.every((kind) => readingKinds.has(kind)),
    ),
    catalog: all.some(({ catalog }) => catalog === true),
    showsStructure: all.some(({ catalog }) => catalog === "granted"),
    channels: new Set(
      all.flatMap(({ channels, statements }) => (statements.includes("listen") ? channels : [])),
    ),
    reachesNothing: scopes.every(
      ({ scope: { catalog, extensions, functions, procedures, settings, tables, temporary_tables } }) =>
        catalog !== true &&
        !temporary_tables &&
        [extensions, functions, procedures, settings, Object.keys(tables)].every((each) => each.length === 0),
    ),
    timeout: Math.min(...all.map(({ timeout }) => timeout ?? Number.POSITIVE_INFINITY)),
  };
}

function isPart(table: PostgresScope["tables"][string]): boolean {
  return table !== "all" && (Array.isArray(table) || (table as { select?: unknown }).select !== "all");
}

/** Whether an operation lists functions or procedures that do not come with PostgreSQL. */
export function runsOwnCode({ functions, procedures }: PostgresScope): boolean {
  return [...functions, ...procedures].some((name) => !name.startsWith("pg_catalog."));
}
