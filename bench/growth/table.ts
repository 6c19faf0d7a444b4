import { growthOf, ratioOf, short, type Points } from "./growth.ts";

/** One row: what was measured, at which sizes, and what its cost is bound by. */
export interface Row extends Points {
  readonly what: string;
  readonly unit: "µs" | "ms" | "s" | "MB";
  /** How the sizes are shown. */
  readonly labels?: readonly string[];
}

/** Measures a cost at each size. */
export async function rowsAt(
  sizes: readonly number[],
  measure: (size: number) => Promise<Readonly<Record<string, Figure>>>,
): Promise<readonly Row[]> {
  const rows = new Map<string, { unit: Row["unit"]; figures: number[] }>();
  for (const size of sizes) {
    for (const [what, { unit, figure }] of Object.entries(await measure(size))) {
      const row = rows.get(what) ?? { unit, figures: [] };
      row.figures.push(figure);
      console.error(`${size}: ${what}: ${short(figure)} ${unit}`);
      rows.set(what, row);
    }
  }
  return Array.from(rows, ([what, row]) => ({ what, sizes, ...row }));
}

export type Figure = { readonly unit: Row["unit"]; readonly figure: number };

/** Microseconds as they are. */
export const us = (figure: number): Figure => ({ unit: "µs", figure });
/** Microseconds as milliseconds. */
export const ms = (figure: number): Figure => ({ unit: "ms", figure: figure / 1000 });

/** Prints a dimension's rows. @param of what there is ever more of */
export function printRows(of: string, rows: readonly Row[]): void {
  for (const row of rows) console.log(printed({ ...row, what: `${of}: ${row.what}` }));
}

/** A row of a Markdown table. */
function printed({ what, unit, sizes, figures, labels }: Row): string {
  const shown = labels ?? sizes.map((size) => size.toLocaleString("en"));
  const cells = figures.map((figure, at) => `${shown[at] ?? ""}: ${short(figure)} ${unit}`);
  return `| ${what} | ${cells.join("; ")} | ${ratioOf({ sizes, figures })} | ${growthOf({ sizes, figures })} |`;
}

/** The table's head. */
export const head = "| what | cost by size | growth | |\n| --- | --- | --- | --- |";
