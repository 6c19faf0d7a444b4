import { type MaskedColumn, unfit } from "../../masks/column.ts";
import type { PostgresScope } from "../../scope.ts";
import type { TableGrant } from "../compile.ts";
import { GuardDenied, refuseMistake, shown } from "../denied.ts";
import { as, bareName, type Fields, kindOf, list, names, open } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { has, itemNamed, type Level, type Range, unqualified } from "./naming.ts";

// A masked column may be one thing alone: an output of the statement, as it is. Its rows then hold the value where the
// database says that the column is, and the gateway masks it there.

/** The item of FROM for a table, with its masked columns. */
export function withMasked(range: Range, table: string, { masked }: TableGrant): Range {
  if (masked.size === 0) return range;
  return { ...range, masked: new Map([...masked].map((column) => [column, `${table}.${column}`])) };
}

/** Why a table or view is denied, by its full name, that would show what is masked in another one. */
export function showsMasked(table: string, masked: string): GuardDenied {
  return new GuardDenied(
    "columns",
    `${shown(table)} could show ${shown(masked)}, which is masked`,
    "its operation has to list its columns or mask them, or another operation to grant it",
    "never",
  );
}

/**
 * Why a masked column is denied.
 * @param found the masked columns that the database has
 * @returns undefined where it can be masked so
 */
export function notMaskable(
  full: string,
  { mask }: Pick<PostgresScope, "mask">,
  found: ReadonlyMap<string, MaskedColumn>,
): GuardDenied | undefined {
  const column = found.get(full);
  const why = column === undefined ? "the database has no such column" : unfit(mask[full] ?? null, column);
  return why === undefined
    ? undefined
    : new GuardDenied(
        "columns",
        `${shown(full)} cannot be masked: ${why}`,
        "its operation needs another method for it, or the column another name",
        "never",
      );
}

/**
 * Takes an output that is a masked column and nothing else.
 * @param name what AS calls it; empty where it has the column's name
 * @returns whether it is one; anything else is judged as an expression
 * @throws GuardDenied where it could be another column too, or the database has none that can be masked so
 */
export function takeMasked(node: unknown, name: string, level: Level, walk: Walk): boolean {
  const { changes, scope, work } = walk;
  const reference = as("ColumnRef", node);
  if (!changes.takesMasks || reference === undefined) return false;
  const parts = list(reference.fields);
  if (parts.length > 3 || !parts.every((part) => kindOf(part) === "String")) return false;
  const [first = "", second, third] = names(parts);
  const full =
    second === undefined
      ? bareMasked(first, level, walk)
      : (third === undefined
          ? itemNamed(undefined, first, level, work)
          : itemNamed(first, second, level, work)
        ).masked?.get(third ?? second);
  if (full === undefined) return false;
  const { masks } = scope.database;
  const denied = masks && notMaskable(full, scope.scope, masks);
  if (denied !== undefined) throw denied;
  changes.masked.push({ column: full, name: name === "" ? (third ?? second ?? first) : name });
  return true;
}

/** The masked column that a bare name means: no other item of the level may have one of that name. */
function bareMasked(column: string, level: Level, { work }: Walk): string | undefined {
  const named = level.ranges.filter((range) => range.masked?.has(column) === true);
  const [range] = named;
  if (range === undefined) return undefined;
  const others = unqualified(level).filter((other) => other !== range);
  if (range.qualifiedOnly === true || others.some((other) => has(other, column, work) !== "no"))
    refuseMistake(
      "columns",
      `column ${shown(column)} is masked in ${range.table ?? "a table"}, and could be another item's here`,
      `qualify it: ${shown(range.name ?? "")}.${shown(column)}`,
    );
  return range.masked?.get(column);
}

/**
 * What would sort, group or compare by a masked output tells of its values.
 * @param select a SELECT whose outputs are judged
 * @throws GuardDenied where it has one and does so
 */
export function checkUnsorted(select: Fields, { changes }: Walk): void {
  const [masked] = changes.masked;
  if (masked === undefined) return;
  const refused = (what: string, advice: string): never =>
    refuseMistake(
      "columns",
      `${shown(masked.column)} is masked, and ${what} would tell of its values`,
      advice,
    );
  if (list(select.distinctClause).length > 0) refused("DISTINCT", "leave DISTINCT or the column out");
  if (list(select.groupClause).length > 0) refused("GROUP BY", "leave GROUP BY or the column out");
  for (const item of list(select.sortClause)) {
    const { node } = open("SortBy", as("SortBy", item));
    const name = bareName(node);
    if (kindOf(node) === "A_Const") refused("ORDER BY of a position", "name what to sort by: ORDER BY id");
    if (name !== undefined && changes.masked.some((output) => output.name === name))
      refused(`ORDER BY ${shown(name)}`, "sort by another column");
  }
}
