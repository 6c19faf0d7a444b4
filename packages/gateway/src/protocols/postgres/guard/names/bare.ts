import { refuseFault, refuseMistake, shown } from "../denied.ts";
import type { Work } from "../work.ts";
import { notRow } from "./lost-columns.ts";
import { has, isTold, lacks, type Level, levels, type Range, unqualified, wholeRow } from "./naming.ts";

/**
 * Judges an unqualified column name as PostgreSQL resolves it (parse_relation.c, colNameToVar): the innermost level
 * that has such a column. Where a limited table could have an unlisted column of that name, it is taken to have it.
 * @returns whether the column's type looks names up
 * @throws GuardDenied when the name may stand for a column that is not granted
 */
export function useColumn(column: string, level: Level, work: Work): boolean {
  let maybe = false;
  let isLookup = false;
  for (const at of levels(level, work)) {
    const ranges = unqualified(at);
    const found = ranges.map((range) => has(range, column, work));
    // Of an item that may have the column, it is the table's own column of that name, if it is any.
    isLookup ||= ranges.some((range, index) => found[index] !== "no" && range.lookups?.has(column) === true);
    if (found.includes("yes")) {
      const isCertain = ranges.some(({ kind }, index) => found[index] === "yes" && kind === "closed");
      if (!isCertain) notRow(column, level, work);
      return isLookup;
    }
    const limited = ranges.find((range, index) => found[index] === "maybe" && range.kind === "limited");
    if (limited !== undefined) refuseHidden(column, limited, level, work);
    if (found.includes("maybe") || found.includes("assumed")) maybe = true;
  }
  // PostgreSQL takes a name that is no column for the whole row of the item with that name.
  const item = itemCalled(column, level, work);
  if (item !== undefined) wholeRow(item);
  if (item !== undefined || maybe) return isLookup;
  return refuseFault(
    "columns",
    `column ${shown(column)} is not known here`,
    "name a column of a table in FROM",
    { code: "42703", message: `column "${shown(column)}" does not exist` },
  );
}

/** The innermost item with that name. */
function itemCalled(name: string, level: Level, work: Work): Range | undefined {
  for (const { ranges } of levels(level, work)) {
    const range = ranges.find((entry) => entry.name === name);
    if (range !== undefined) return range;
  }
  return undefined;
}

/**
 * @param limited the innermost item that may have an unlisted column of that name
 * @throws GuardDenied always: with how to say what else the name may mean; where it can mean nothing else, as the column
 * that it is taken for, since no other spelling of it is permitted either
 */
function refuseHidden(column: string, limited: Range, level: Level, work: Work): never {
  const ways = otherMeanings(column, level, work);
  if (ways.length === 0) {
    const item = itemCalled(column, level, work);
    if (item !== undefined) wholeRow(item);
    lacks(limited, column);
  }
  return refuseMistake(
    "columns",
    `column ${shown(column)} could be one of ${limited.table ?? "a table"} that is not granted`,
    ways.slice(0, MAX_WAYS).join(", or "),
  );
}

/** How many ways of writing a name a hint shows. */
const MAX_WAYS = 3;

/** How a bare name may be written so that it means what is granted and nothing else. */
function otherMeanings(column: string, level: Level, work: Work): readonly string[] {
  const hidden = new Set<string>();
  const ways: string[] = [];
  for (const { ranges } of levels(level, work)) {
    for (const range of ranges) {
      const { name } = range;
      if (name === undefined || hidden.has(name)) continue;
      const way = otherMeaning(column, name, range, work);
      if (way !== undefined) ways.push(way);
    }
    for (const { name } of ranges) if (name !== undefined) hidden.add(name);
  }
  return ways;
}

function otherMeaning(column: string, name: string, range: Range, work: Work): string | undefined {
  const found = has(range, column, work);
  const isColumn = found === "yes" || (found === "maybe" && range.kind === "open" && !isTold(range));
  if (isColumn && (range.scalar !== true || found === "yes"))
    return `qualify it: ${written(name)}.${written(column)}`;
  if (name !== column || range.kind === "limited") return undefined;
  return range.scalar === true
    ? `give the function's column that name: AS ${written(name)}(${written(column)})`
    : `write ${written(name)}.* if its whole row is meant`;
}

/** A name as it is written in SQL, for a hint. */
function written(name: string): string {
  return /^[a-z_][a-z0-9_]*$/u.test(name) ? name : `"${shown(name).replaceAll('"', '""')}"`;
}

/**
 * Whether a bare name in GROUP BY means a column of this level's items that is not granted (PostgreSQL looks for
 * those before it looks for a name of the output).
 */
export function couldBeHiddenColumn(column: string, level: Level, work: Work): boolean {
  const ranges = unqualified(level);
  const found = ranges.map((range) => has(range, column, work));
  return !found.includes("yes") && ranges.some((range) => range.kind === "limited");
}
