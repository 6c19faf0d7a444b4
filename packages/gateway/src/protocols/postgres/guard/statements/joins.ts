import { made, oneOf } from "../deaf/size.ts";
import type { Work } from "../work.ts";
import { type ColumnName, has, isTold, type Range, unqualified } from "../names/naming.ts";
import { type Fields, names } from "../syntax/nodes.ts";
import { checkImplied } from "../expressions/operators.ts";
import { refuse, refuseMistake, shown } from "../denied.ts";
import { aliasOf } from "../names/tables.ts";
import { renamed, type Walk } from "../syntax/walk.ts";

/**
 * What a join makes visible (parse_clause.c, transformFromClauseItem): its columns by bare name, those of USING once
 * and first; its items by qualified name only. An alias hides the items, and the alias of USING too.
 * @param one the items of its left side, of which one has columns that a bare name can mean
 * @throws GuardDenied when it compares columns that may not be granted
 */
export function joinItems(
  join: Fields,
  one: readonly Range[],
  two: readonly Range[],
  { scope, work }: Walk,
): readonly Range[] {
  const [left] = unqualified({ ranges: one, outer: undefined });
  const [right] = unqualified({ ranges: two, outer: undefined });
  if (left === undefined || right === undefined)
    refuse("grammar", "a join is not understood, so it is denied");
  const using = names(join.usingClause);
  if (join.isNatural === true || using.length > 0)
    checkImplied("USING or NATURAL", ["="], "write JOIN … ON one.x OPERATOR(pg_catalog.=) two.x", scope);
  checkMerged(join, left, right, using, work);
  const joined = together(join, left, right, using);
  const alias = aliasOf(join.alias);
  if (alias !== undefined) {
    if (joined.kind === "limited" && alias.columns.length > 0)
      refuse(
        "columns",
        "renaming columns by position is not granted here",
        "leave the alias's column list out",
      );
    // Among a join's columns those of SEARCH and CYCLE have places, so that the list may rename them too.
    const { extras, ...all } = joined;
    const kept = extras === undefined || alias.columns.length > 0 ? all : joined;
    return [renamed(kept, alias.name, alias.columns)];
  }
  const items = [...one, ...two]
    .filter((range) => range.name !== undefined)
    .map((range): Range => ({ ...range, qualifiedOnly: true }));
  const usingAlias = aliasOf(join.join_using_alias);
  return usingAlias === undefined
    ? [joined, ...items]
    : [joined, ...items, { name: usingAlias.name, kind: "closed", columns: using, qualifiedOnly: true }];
}

/** Columns that a join compares by their name must be granted on both sides. */
function checkMerged(join: Fields, left: Range, right: Range, using: readonly string[], work: Work): void {
  const limited = [left, right].find((range) => range.kind === "limited");
  if (limited === undefined) return;
  if (join.isNatural === true)
    refuseMistake(
      "columns",
      `a NATURAL JOIN compares columns of ${limited.table ?? "a table"} that may not be granted`,
      "name the columns: JOIN … ON",
    );
  for (const column of using) {
    for (const side of [left, right]) {
      if (side.kind === "limited" && has(side, column, work) !== "yes")
        refuse("columns", `column ${shown(column)} of ${side.table ?? "a table"} is not granted`);
    }
  }
}

/** Both sides as one item without a name. */
function together(join: Fields, left: Range, right: Range, using: readonly string[]): Range {
  const both = [left, right];
  const lookups = new Set(both.flatMap((range) => [...(range.lookups ?? [])]));
  const arrays = new Set(both.flatMap((range) => [...(range.arrays ?? [])]));
  // A name that both sides have is ambiguous, or the one that USING makes of two types.
  for (const column of using) arrays.delete(column);
  const extras = both.flatMap((range) => range.extras ?? []);
  const base = {
    name: undefined,
    isTold: both.every(isTold),
    sizes: (column: string | undefined) => oneOf(both.map(({ sizes }) => sizes?.(column) ?? made)),
    ...(lookups.size === 0 ? {} : { lookups }),
    ...(extras.length === 0 ? {} : { extras }),
    ...(arrays.size === 0 || join.isNatural === true ? {} : { arrays }),
  };
  const limited = both.find((range) => range.kind === "limited");
  const known = [...left.columns, ...right.columns].filter((column) => column !== undefined);
  if (limited !== undefined)
    return {
      ...base,
      kind: "limited",
      columns: known,
      listed: limited.listed ?? limited.columns,
      ...(limited.table === undefined ? {} : { table: limited.table }),
    };
  const merged = join.isNatural === true ? common(left, right) : using;
  const certain =
    merged !== undefined &&
    both.every(
      (range) =>
        range.kind === "closed" &&
        range.extras === undefined &&
        merged.every((column) => range.columns.includes(column)),
    );
  if (!certain) return { ...base, kind: "open", columns: known };
  const rest = (range: Range): readonly ColumnName[] =>
    range.columns.filter((column) => column === undefined || !merged.includes(column));
  return { ...base, kind: "closed", columns: [...merged, ...rest(left), ...rest(right)] };
}

/** The columns that NATURAL compares, in the left side's order; undefined when a name is not certain. */
function common(left: Range, right: Range): readonly string[] | undefined {
  if ([...left.columns, ...right.columns].includes(undefined)) return undefined;
  return left.columns.filter((column) => column !== undefined && right.columns.includes(column)) as string[];
}
