import { oneLine } from "../print.ts";
import { type Look, painted } from "./colour.ts";
import { GAP, type GivesWay, nameWidthOf, type Place, placesOf } from "./layout.ts";
import { fit, widthOf } from "./width.ts";

/** A column of a table. */
export interface Column {
  readonly name: string;
  /** Left out: it is cut where the table is too wide. */
  readonly givesWay?: GivesWay;
  /** Left out where the table is still too wide: those with 1 first. */
  readonly leaves?: number;
  /** Shown by `-o wide` alone. */
  readonly wide?: true;
  /** How a cell looks, by its text. */
  readonly look?: (text: string) => Look | undefined;
}

/** What a table has to fit into. */
export interface Fit {
  /** Columns of the terminal; left out: as wide as it gets. */
  readonly columns?: number | undefined;
  /** All columns, and nothing cut. */
  readonly wide?: boolean;
}

/** How far under a row its prose is set in. */
const INDENT = 2;

/**
 * A table with aligned columns that fits into what there is, as far as what must stay whole lets it. No rows: the empty text.
 * A column without any text is left out. Text from elsewhere is made safe here; a look comes after that.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  into: Fit = {},
): string {
  if (rows.length === 0) return "";
  const safe = rows.map((row) => columns.map((_, at) => oneLine(row[at] ?? "")));
  const shown = columns.flatMap((column, index) => {
    if (into.wide !== true && (column.wide === true || safe.every((row) => row[index] === ""))) return [];
    return [{ ...column, cells: safe.map((row) => row[index] ?? "") }];
  });
  const measured = shown.map(({ name, cells, givesWay, leaves }) => ({
    givesWay,
    leaves,
    width: Math.max(widthOf(name), ...cells.map(widthOf)),
    nameWidth: Math.max(widthOf(name), ...cells.map(nameWidthOf)),
  }));
  const isFree = into.wide === true || into.columns === undefined;
  const available = isFree ? Infinity : (into.columns ?? 0);
  const places = placesOf(measured, available);
  const header = shown.map(({ name }) => name);
  return [
    ...linesOf(header, places, []),
    ...safe.flatMap((_, row) => {
      const cells = shown.map((column) => column.cells[row] ?? "");
      const looks = shown.map(({ look }, at) => look?.(cells[at] ?? ""));
      return [...linesOf(cells, places, looks), ...proseOf(cells, places, available)];
    }),
  ].join("\n");
}

/** A row: one line, or as many as its longest list has names. */
function linesOf(
  cells: readonly string[],
  places: readonly Place[],
  looks: readonly (Look | undefined)[],
): readonly string[] {
  const standing = places.flatMap((place, at) => (place.kind === "row" ? [{ ...place, at }] : []));
  const parts = standing.map(({ isLines, at }) => {
    const cell = cells[at] ?? "";
    return isLines ? cell.split(" ") : [cell];
  });
  const height = Math.max(0, ...parts.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    standing
      .map(({ width, at }, column) => {
        const text = fit(parts[column]?.[line] ?? "", width);
        // The last column is never padded.
        const fill = column === standing.length - 1 ? 0 : Math.max(0, width - widthOf(text));
        return painted(text, looks[at]) + " ".repeat(fill);
      })
      .join(" ".repeat(GAP))
      .trimEnd(),
  );
}

/** What stands under a row. */
function proseOf(cells: readonly string[], places: readonly Place[], available: number): readonly string[] {
  return places.flatMap((place, at) => {
    const cell = cells[at] ?? "";
    if (place.kind !== "below" || cell === "") return [];
    return [" ".repeat(INDENT) + fit(cell, Math.max(1, available - INDENT))];
  });
}
