/** A row of a table in Markdown. */
export const tableRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The head of a table in Markdown. */
export const tableHead = (cells: readonly string[]): string =>
  `${tableRow(cells)}\n${tableRow(cells.map(() => "---"))}`;
