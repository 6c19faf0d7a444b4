import { widthOf } from "./width.ts";

/** How a column gives way in a table that is wider than its terminal. */
export type GivesWay =
  /** By nothing: a name that is copied, or a word without which the row says nothing. */
  | "never"
  /** By a line for each of its names, which stand apart by a space. */
  | "lines"
  /** By moving to a line of its own under the row: prose. */
  | "below";

/** What a column's place is decided by. */
export interface Measured {
  /** Left out: it is cut. */
  readonly givesWay?: GivesWay | undefined;
  /** Left out where the table is still too wide: those with 1 first. */
  readonly leaves?: number | undefined;
  /** Columns that its widest cell takes, or its name. */
  readonly width: number;
  /** Those that its longest single name takes, or its own name; of a column of `lines` alone. */
  readonly nameWidth: number;
}

/** Where a column stands. */
export type Place =
  | { readonly kind: "row"; readonly width: number; readonly isLines: boolean }
  | { readonly kind: "below" }
  | { readonly kind: "left out" };

/** Columns between two cells. */
export const GAP = 2;
/** No cell is cut to less than this. */
const MIN_CELL_WIDTH = 10;
/** Prose of less than this stands under its row. */
const MIN_PROSE_WIDTH = 24;

/**
 * Finds where each column stands in a table that has to fit. In this order, until it does: lists take several lines, prose
 * is cut, prose moves under the row, cells are cut, columns are left out. What never gives way may remain wider.
 * @param available columns of the terminal
 */
export function placesOf(columns: readonly Measured[], available: number): readonly Place[] {
  const places: Place[] = columns.map(({ width }) => ({ kind: "row", width, isLines: false }));
  const over = (): number => {
    const widths = places.flatMap((place) => (place.kind === "row" ? [place.width] : []));
    return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - available;
  };
  const those = (wanted: (column: Measured) => boolean): readonly number[] =>
    columns.flatMap((column, at) => (wanted(column) ? [at] : []));
  const prose = those(({ givesWay }) => givesWay === "below");
  const cut = those(({ givesWay }) => givesWay === undefined);

  for (const at of those(({ givesWay }) => givesWay === "lines"))
    if (over() > 0) places[at] = { kind: "row", width: columns[at]?.nameWidth ?? 0, isLines: true };
  narrow(places, prose, over(), MIN_PROSE_WIDTH);
  for (const at of prose.toReversed()) if (over() > 0) places[at] = { kind: "below" };
  // What moved has made room for the prose that stayed.
  for (const at of prose) widen(places, at, columns[at]?.width ?? 0, -over());
  narrow(places, cut, over(), MIN_CELL_WIDTH);
  for (const at of those(({ leaves }) => leaves !== undefined).toSorted(
    (one, other) => (columns[one]?.leaves ?? 0) - (columns[other]?.leaves ?? 0),
  ))
    if (over() > 0) places[at] = { kind: "left out" };
  for (const at of cut) widen(places, at, columns[at]?.width ?? 0, -over());
  return places;
}

/** Takes from the widest of these columns until so much is gone, or none may give more. */
function narrow(places: Place[], which: readonly number[], over: number, min: number): void {
  for (let left = over; left > 0; left -= 1) {
    const widest = which.reduce((best, at) => (widthAt(places, at) > widthAt(places, best) ? at : best), -1);
    if (widthAt(places, widest) <= min) return;
    resize(places, widest, widthAt(places, widest) - 1);
  }
}

/** Gives a column that was cut what has become free. */
function widen(places: Place[], at: number, natural: number, free: number): void {
  if (free > 0) resize(places, at, Math.min(natural, widthAt(places, at) + free));
}

function widthAt(places: readonly Place[], at: number): number {
  const place = places[at];
  return place?.kind === "row" ? place.width : 0;
}

function resize(places: Place[], at: number, width: number): void {
  const place = places[at];
  if (place?.kind === "row") places[at] = { ...place, width };
}

/** The width of the longest name in a list. */
export function nameWidthOf(cell: string): number {
  return Math.max(0, ...cell.split(" ").map(widthOf));
}
