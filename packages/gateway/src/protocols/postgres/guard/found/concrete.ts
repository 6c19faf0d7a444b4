import type { PatternMatch } from "../../../../gate/protocol.ts";
import type { PostgresScope, TableScope } from "../../scope.ts";
import type { Found } from "./found.ts";
import { anyCovers, covers, isPattern, nearest, patternsOf } from "./patterns.ts";

/** A database's answer serves many sessions, each of which asks for the same. */
const known = new WeakMap<Found, WeakMap<PostgresScope, PostgresScope>>();

/**
 * The same scope without patterns: each stands for the names that it was found to match, and a table's partitions are
 * named where its entry says so. What has an entry of its own keeps that one, and `except` always wins. Pure.
 */
export function concreteScope(scope: PostgresScope, found: Found): PostgresScope {
  const scopes = known.get(found) ?? new WeakMap<PostgresScope, PostgresScope>();
  known.set(found, scopes);
  const concrete = scopes.get(scope) ?? withoutPatterns(scope, found);
  scopes.set(scope, concrete);
  return concrete;
}

function withoutPatterns(scope: PostgresScope, found: Found): PostgresScope {
  return {
    ...scope,
    tables: concreteTables(scope, found),
    functions: concreteNames(scope.functions, found.functions, scope.except),
    procedures: concreteNames(scope.procedures, found.procedures, scope.except),
  };
}

function concreteNames(
  listed: readonly string[],
  found: ReadonlySet<string>,
  except: readonly string[],
): string[] {
  const patterns = listed.filter(isPattern);
  const matched = [...found].filter((name) => anyCovers(patterns, name) && !anyCovers(except, name));
  return [...new Set([...listed.filter((name) => !isPattern(name)), ...matched])];
}

function concreteTables({ tables, except }: PostgresScope, found: Found): Record<string, TableScope> {
  const patterns = patternsOf(Object.keys(tables));
  const own = new Map(Object.entries(tables).filter(([name]) => !isPattern(name)));
  const entryOf = (name: string): TableScope | undefined => {
    const pattern = nearest(patterns, name);
    return own.get(name) ?? (pattern === undefined ? undefined : tables[pattern]);
  };
  const isHidden = (name: string): boolean => {
    const entry = entryOf(name);
    return anyCovers(except, name) || (entry !== undefined && !isReadWhole(entry));
  };
  const all = new Map(own);
  for (const name of found.relations) {
    const entry = entryOf(name);
    if (own.has(name) || anyCovers(except, name) || entry === undefined) continue;
    // A view of what is excepted, or granted in part: a pattern must not open that by another name.
    if (![...(found.reads.get(name) ?? [])].some(isHidden)) all.set(name, entry);
  }
  const parents = [...all].filter(([, entry]) => hasPartitions(entry));
  for (const [parent, entry] of parents.toSorted(byPartitions(found))) {
    for (const partition of found.partitions.get(parent) ?? [])
      if (!all.has(partition) && !anyCovers(except, partition)) all.set(partition, entry);
  }
  return Object.fromEntries(all);
}

/** Of two entries that have a partition in common, the table nearer to it comes first: its entry says more. */
function byPartitions(found: Found) {
  const count = (name: string): number => found.partitions.get(name)?.size ?? 0;
  return ([one]: [string, unknown], [other]: [string, unknown]): number => count(one) - count(other);
}

/** Whether a table's entry covers its partitions by their own names too. */
export function hasPartitions(entry: TableScope): boolean {
  return typeof entry === "object" && !Array.isArray(entry) && entry.partitions === true;
}

/** Whether all of a table may be read. */
export function isReadWhole(entry: TableScope): boolean {
  return entry === "all" || (typeof entry === "object" && !Array.isArray(entry) && entry.select === "all");
}

/** What each pattern and exception of a scope matches now, for people to look at. */
export function matchesOf(scope: PostgresScope, found: Found): readonly PatternMatch[] {
  const concrete = concreteScope(scope, found);
  const of = (kind: string, listed: readonly string[], names: readonly string[]) => {
    const patterns = patternsOf(listed);
    const matched = names.filter((name) => !listed.includes(name));
    return listed.filter(isPattern).map((pattern) => ({
      what: `${kind}: ${pattern}`,
      names: matched.filter((name) => nearest(patterns, name) === pattern).toSorted(),
    }));
  };
  const every = [...found.relations, ...found.functions, ...found.procedures];
  return [
    ...of("tables", Object.keys(scope.tables), Object.keys(concrete.tables)),
    ...of("functions", scope.functions, concrete.functions),
    ...of("procedures", scope.procedures, concrete.procedures),
    ...scope.except.map((excepted) => ({
      what: `except: ${excepted}`,
      names: [...new Set(every.filter((name) => covers(excepted, name)))].toSorted(),
    })),
  ];
}
