import { spend } from "./budget.ts";
import { refuse, refuseMistake, shown } from "./refusal.ts";

/**
 * One item that a FROM clause (or a write's target) makes visible. Three kinds, by what is known of its columns:
 * limited: a table of which only `columns` may be used, while it may have others that the gateway does not know of;
 * closed: a derived table whose columns are exactly `columns`, each judged where it was made;
 * open: a table that may be used whole, or a derived table with columns that are not all known.
 */
export interface Range {
  /** The name it is referred to by; undefined: by none. */
  readonly name: string | undefined;
  /** For a table without alias: the schema it may be qualified with. */
  readonly schema?: string;
  readonly kind: "limited" | "closed" | "open";
  readonly columns: readonly string[];
  /** Whether a place in `columns` is the column's place in the item. */
  readonly positional?: boolean;
  /** For messages: the table's full name. */
  readonly table?: string;
  /** Output of a function: `f.x` could call x on it, so x must be known. */
  readonly scalar?: boolean;
  /** The item's columns are also visible under an enclosing alias or only by qualified name. */
  readonly qualifiedOnly?: boolean;
}

/** The items visible at one query level, and the levels around it. */
export interface Level {
  readonly ranges: readonly Range[];
  readonly outer: Level | undefined;
}

function lacks(range: Range, column: string): never {
  return refuse(
    "columns",
    `column ${shown(column)} of ${range.table ?? "a table"} is not granted: ${range.columns.join(", ")} are`,
  );
}

/** Levels from the innermost outwards. */
function* levels(level: Level | undefined): Generator<Level> {
  for (let at = level; at !== undefined; at = at.outer) {
    spend(1 + at.ranges.length);
    yield at;
  }
}

/**
 * Judges an unqualified column name as PostgreSQL resolves it (parse_relation.c, colNameToVar): the innermost level
 * that has such a column. Where a limited table could have an unlisted column of that name, it is taken to have it.
 * @throws Refusal when the name may stand for a column that is not granted
 */
export function useColumn(column: string, level: Level): void {
  let maybe = false;
  for (const { ranges } of levels(level)) {
    const unqualified = ranges.filter((range) => range.qualifiedOnly !== true);
    for (const range of unqualified) spend(range.columns.length);
    if (unqualified.some((range) => range.columns.includes(column))) return;
    const limited = unqualified.find((range) => range.kind === "limited");
    if (limited !== undefined) {
      if (ranges.length > 1 || maybe)
        refuseMistake(
          "columns",
          `column ${shown(column)} could be one of ${limited.table ?? "a table"} that is not granted`,
          "qualify it with its table's name",
        );
      lacks(limited, column);
    }
    if (unqualified.some((range) => range.kind === "open")) maybe = true;
  }
  if (maybe) return;
  // PostgreSQL takes a name that is no column for the whole row of the item with that name.
  for (const { ranges } of levels(level)) {
    const range = ranges.find((entry) => entry.name === column);
    if (range !== undefined) return wholeRow(range);
  }
  refuseMistake("columns", `column ${shown(column)} is not known here`, "name a column of a table in FROM");
}

/**
 * Whether a bare name in GROUP BY means a column of this level's items (PostgreSQL looks for those before it looks
 * for a name of the output).
 */
export function couldBeHiddenColumn(column: string, level: Level): boolean {
  for (const range of level.ranges) spend(1 + range.columns.length);
  const plain = level.ranges.filter((range) => range.qualifiedOnly !== true);
  return (
    !plain.some((range) => range.columns.includes(column)) && plain.some((range) => range.kind === "limited")
  );
}

/** The item that a qualifier names: the innermost level that has one. */
function qualifier(schema: string | undefined, name: string, level: Level): Range {
  for (const { ranges } of levels(level)) {
    const found = ranges.filter(
      (range) => range.name === name && (schema === undefined || range.schema === schema),
    );
    const strictest = found.find((range) => range.kind === "limited") ?? found[0];
    if (strictest !== undefined) return strictest;
  }
  return refuseMistake(
    "columns",
    `${shown(name)} is no table or alias of this query`,
    "name the table in FROM",
  );
}

/** @throws Refusal when the row holds columns that are not granted */
export function wholeRow(range: Range): void {
  if (range.kind !== "limited") return;
  refuse(
    "columns",
    `all columns of ${range.table ?? "a table"} are not granted: ${range.columns.join(", ")} are`,
    "list those columns",
  );
}

/** @throws Refusal when the column is not granted */
export function useQualified(schema: string | undefined, name: string, column: string, level: Level): void {
  const range = qualifier(schema, name, level);
  spend(range.columns.length);
  if (range.columns.includes(column)) return;
  if (range.kind === "limited") lacks(range, column);
  if (range.kind === "closed" || range.scalar === true)
    refuseMistake(
      "columns",
      `${shown(name)} has no column ${shown(column)} that is known`,
      "give the columns names: AS alias(column, …)",
    );
}

/** @throws Refusal when the item named is limited */
export function useWholeRow(schema: string | undefined, name: string, level: Level): Range {
  const range = qualifier(schema, name, level);
  wholeRow(range);
  return range;
}
