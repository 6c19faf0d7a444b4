import { formatDuration } from "../../kernel/durations.ts";
import { ANYTHING, type Pattern, type Reach, type ReachPart } from "../../gate/reach.ts";
import { defaultKeys } from "./guard/compile.ts";
import { hasPartitions, isReadWhole } from "./guard/found/concrete.ts";
import { isPattern } from "./guard/found/patterns.ts";
import { methodWords } from "./masks/method.ts";
import type { PostgresScope, StatementKind, TableScope } from "./scope.ts";

type Permits = readonly (readonly ReachPart[])[];

/** What a scope lets through, part by part. */
export function reachOf(scope: PostgresScope): Reach {
  const { tables, except, statements } = scope;
  const lists = ["types", "extensions", "channels", "settings"] as const;
  const patterns = ["functions", "procedures"] as const;
  const catalogue = scope.catalog === true ? [ANYTHING] : scope.catalog === false ? [] : ["what is granted"];
  return {
    permits: [
      ...statements.map((kind) => ["statement", kind]),
      ...Object.entries(tables).flatMap(([name, table]) =>
        usesOf(table, statements).map((use) => [
          "table",
          named(name, [...except, ...nearerThan(name, tables)]),
          { meets: isPattern(name) ? keptFrom(scope) : [] },
          ...use,
          ...maskOf(scope, name, use),
        ]),
      ),
      ...Object.keys(tables)
        .filter((name) => hasPartitions(tables[name] ?? []))
        .map((name) => ["partitions of", name, { meets: ownEntries(scope, name) }]),
      ...patterns.flatMap((member) =>
        scope[member].map((name) => [member.slice(0, -1), named(name, except)]),
      ),
      ...lists.flatMap((member) => scope[member].map((name) => [member.slice(0, -1), name])),
      ...catalogue.map((part) => ["catalogue", part]),
      ...(scope.temporary_tables ? [["temporary tables"]] : []),
    ],
    demands: scope.require_where ? ["require_where"] : [],
    bounds:
      scope.timeout === undefined
        ? {}
        : { timeout: { most: scope.timeout, words: formatDuration(scope.timeout) } },
  };
}

/** What a column that may be read is shown as. */
function maskOf(
  { mask }: PostgresScope,
  table: string,
  [use, column]: readonly ReachPart[],
): readonly ReachPart[] {
  if (use !== "select" || typeof column !== "string") return [];
  const method = mask[`${table}.${column}`];
  return [{ meets: method === undefined ? [] : [`the mask of ${table}.${column} ${methodWords(method)}`] }];
}

/** A name or a pattern of names, as a part. */
function named(name: string, except: readonly string[] = []): string | Pattern {
  return isPattern(name) ? { begins: name.slice(0, -1), except: except.map((each) => named(each)) } : name;
}

/** Entries that decide about some of a pattern's names before it does. */
function nearerThan(name: string, tables: PostgresScope["tables"]): readonly string[] {
  return Object.keys(tables).filter((other) => other !== name && other.startsWith(name.slice(0, -1)));
}

const exceptionOf = (name: string): string => `the exception of ${name}`;

/** What a pattern's views must not read: what is excepted, and what is granted in part. */
function keptFrom({ tables, except }: PostgresScope): readonly string[] {
  const inPart = Object.entries(tables).filter(([, table]) => !isReadWhole(table));
  return [...except, ...inPart.map(([name]) => name)].map((name) => exceptionOf(`views of ${name}`));
}

/** What keeps a table's entry from some of its partitions: entries of their own, or of a table nearer to them. */
function ownEntries({ tables }: PostgresScope, parent: string): readonly string[] {
  const others = Object.keys(tables).filter((name) => name !== parent);
  const nearer = others.filter((name) => hasPartitions(tables[name] ?? []));
  return [...others, ...nearer.map((name) => `the partitions of ${name}`)].map(exceptionOf);
}

/** What may be done with a table: an entry without uses has those of its statements. */
function usesOf(table: TableScope, statements: readonly StatementKind[]): Permits {
  const columns = (use: string, listed: "all" | readonly string[] | undefined): Permits =>
    listed === "all" ? [[use, ANYTHING]] : (listed ?? []).map((column) => [use, column]);
  const may = (...kinds: readonly StatementKind[]): boolean =>
    kinds.some((kind) => statements.includes(kind));
  const isListed = typeof table !== "object" || Array.isArray(table);
  const { select, insert, update, where, ...flags }: Exclude<TableScope, "all" | readonly string[]> =
    !isListed
      ? table
      : {
          ...(may("select", "copy_to") ? { select: table } : {}),
          ...(may("insert", "copy_from") ? { insert: table } : {}),
          ...(may("update") ? { update: table } : {}),
          ...(may("delete") ? { delete: true } : {}),
        };
  return [
    ...columns("select", select),
    ...columns("insert", insert),
    ...columns("update", update),
    ...columns("where", where ?? [...defaultKeys]),
    // What is listed may stand in conditions, whatever its statements.
    ...columns("in conditions", isListed && select === undefined ? table : undefined),
    ...Object.keys(flags)
      .filter((flag) => flag !== "partitions")
      .map((flag) => [flag]),
  ];
}
