import type { Sizes } from "../deaf/size.ts";
import { catalogueFunctions, functions as builtins, rowLookups } from "../expressions/builtin.ts";
import { isCatalogueName } from "./catalogue.ts";
import { notCalled } from "./lost-columns.ts";
import type { Work } from "../work.ts";
import { refuse, refuseFault, refuseMistake, shown } from "../denied.ts";

/** The name of a column; undefined where it is not certain how PostgreSQL names it. */
export type ColumnName = string | undefined;

/**
 * One item that a FROM clause (or a write's target) makes visible. Three kinds, by what is known of its columns:
 * limited: a table of which only `columns` may be used, while it may have others that the gateway does not know of;
 * closed: its columns are exactly `columns`, in that order, each judged where it was made;
 * open: it has `columns`, and may have others in any place; all of them may be used.
 */
export interface Range {
  /** The name it is referred to by; undefined: by none. */
  readonly name: string | undefined;
  /** For a table without alias: the schema it may be qualified with. */
  readonly schema?: string;
  /** It goes on as a sub-select: then no schema may stand before its name. */
  readonly isShown?: boolean;
  readonly kind: "limited" | "closed" | "open";
  readonly columns: readonly ColumnName[];
  /** Columns visible by name that `*` may leave out: those of SEARCH and CYCLE (addRangeTableEntryForCTE). */
  readonly extras?: readonly string[];
  /** Whether the database said when the session started that the table has these columns. */
  readonly areSeen?: boolean;
  /** For messages: of `columns` those of the limited table, where the item is a join. */
  readonly listed?: readonly ColumnName[];
  /** Of a limited or an open one: whether all columns of it that are granted are among `columns`. */
  readonly isTold?: boolean;
  /** Those of `columns` that the table may lack: then their name means something else. */
  readonly assumed?: ReadonlySet<string>;
  /** Masked columns, none of which is among `columns`, with their full names. */
  readonly masked?: ReadonlyMap<string, string>;
  /** Columns whose type turns a text beside them into a look-up by name (`regclass` and its kin). */
  readonly lookups?: ReadonlySet<string>;
  /** Columns of a composite type that the table has for certain, with their fields. */
  readonly fields?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Columns that are arrays of values that are no rows, where the table has them for certain. */
  readonly arrays?: ReadonlySet<string>;
  /** Columns of a derived table that are rows of certain fields. */
  readonly rows?: ReadonlyMap<string, readonly string[]>;
  /** How long its columns are; left out: they may be as long as any. */
  readonly sizes?: Sizes;
  /** For messages: the table's full name. */
  readonly table?: string;
  /** Output of a function: `f.x` could call x on it, so x must be known. */
  readonly scalar?: boolean;
  /** The item's columns are visible by qualified name only: inside a join, or a join's USING alias. */
  readonly qualifiedOnly?: boolean;
}

/** The items visible at one query level, and the levels around it. */
export interface Level {
  readonly ranges: readonly Range[];
  readonly outer: Level | undefined;
}

/** Whether pg_catalog may have a function of that name. */
function isBuiltin(name: string): boolean {
  return builtins.has(name) || catalogueFunctions.has(name) || isCatalogueName(name);
}

/** @throws GuardDenied always: the item may have that column, and it is not granted */
export function lacks(range: Range, column: string): never {
  const name = `column ${shown(column)} of ${range.table ?? "a table"}`;
  if (range.masked?.has(column) === true)
    refuseMistake(
      "columns",
      `${name} is masked, and is given as an output of a SELECT alone, as it is`,
      "select the column by itself, without computing, comparing or sorting by it",
    );
  return refuse("columns", `${name} is not granted: ${granted(range)} are`);
}

function granted({ columns, listed = columns }: Range): string {
  return listed.filter((column) => column !== undefined).join(", ");
}

/** Levels from the innermost outwards. */
export function* levels(level: Level | undefined, work: Work): Generator<Level> {
  for (let at = level; at !== undefined; at = at.outer) {
    work.spend(1 + at.ranges.length);
    yield at;
  }
}

/** Whether an item has a column of that name, as far as it is known. */
export function has(range: Range, column: string, work: Work): "yes" | "assumed" | "maybe" | "no" {
  work.spend(1 + range.columns.length);
  if (range.assumed?.has(column) === true) return "assumed";
  if (range.columns.includes(column) || range.extras?.includes(column) === true) return "yes";
  return range.kind === "closed" && !range.columns.includes(undefined) ? "no" : "maybe";
}

/** Whether every column of an item that may be used is known by name. */
export function isTold({ kind, columns, isTold: isSaid }: Range): boolean {
  return kind === "closed" ? !columns.includes(undefined) : isSaid === true;
}

/** The items of a level whose columns a bare name can mean. */
export function unqualified(level: Level): readonly Range[] {
  return level.ranges.filter((range) => range.qualifiedOnly !== true);
}

/** The item that a qualifier names: the innermost level that has one. @throws GuardDenied when there is none */
export function itemNamed(schema: string | undefined, name: string, level: Level, work: Work): Range {
  for (const { ranges } of levels(level, work)) {
    const found = ranges.filter(
      (range) => range.name === name && (schema === undefined || range.schema === schema),
    );
    const strictest = found.find((range) => range.kind === "limited") ?? found[0];
    if (strictest !== undefined) return strictest;
  }
  return refuseFault(
    "columns",
    `${shown(name)} is no table or alias of this query`,
    "name the table in FROM",
    { code: "42P01", message: `missing FROM-clause entry for table "${shown(name)}"` },
  );
}

/** @throws GuardDenied when the row holds columns that are not granted */
export function wholeRow(range: Range): void {
  if (range.kind === "limited")
    refuse(
      "columns",
      `all columns of ${range.table ?? "a table"} are not granted: ${granted(range)} are`,
      "list those columns",
    );
  if (range.lookups !== undefined && range.lookups.size > 0)
    refuseMistake(
      "types",
      `a whole row of ${range.table ?? "a table"} could look names up: ${[...range.lookups].join(", ")}`,
      "list the columns",
    );
}

/**
 * @returns whether the column's type looks names up
 * @throws GuardDenied when the column is not granted
 */
export function useQualified(
  schema: string | undefined,
  name: string,
  column: string,
  level: Level,
  functions: ReadonlySet<string>,
  work: Work,
): boolean {
  const range = itemNamed(schema, name, level, work);
  const isLookup = range.lookups?.has(column) === true;
  const found = has(range, column, work);
  if (found === "yes") {
    if (range.kind === "limited" && range.areSeen !== true) notCalled(range, name, column, functions);
    return isLookup;
  }
  // On a row, PostgreSQL calls these by that notation too, and their results look names up.
  if (rowLookups.has(column))
    refuseMistake(
      "functions",
      `${shown(`${name}.${column}`)} could call the function ${shown(column)}`,
      "write it as a call",
    );
  if (range.kind === "limited" && found !== "assumed") lacks(range, column);
  // The server says best that a table has no such column.
  const isTable = range.table !== undefined;
  // PostgreSQL knows no such column either; unless the name is a function's, which it would call on the row.
  const isNone = found === "no" && !isTable && range.scalar !== true;
  if (isNone && !functions.has(column) && !isBuiltin(column))
    refuseFault("columns", `${shown(name)} has no column ${shown(column)}`, undefined, {
      code: "42703",
      message: `column ${shown(name)}.${shown(column)} does not exist`,
    });
  if ((range.kind === "closed" && !isTable) || range.scalar === true)
    refuseMistake(
      "columns",
      `${shown(name)} has no column ${shown(column)} that is known`,
      "give the columns names: AS alias(column, …)",
    );
  // As above (transformColumnRef).
  if (functions.has(column))
    refuseMistake(
      "functions",
      `${shown(`${name}.${column}`)} could call the function ${shown(column)}, which is not granted`,
      "name the column without its table, if there is one",
    );
  return isLookup;
}

/** @throws GuardDenied when the item named is limited */
export function useWholeRow(schema: string | undefined, name: string, level: Level, work: Work): void {
  wholeRow(itemNamed(schema, name, level, work));
}
