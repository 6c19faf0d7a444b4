/**
 * What brings the cursor to the start of a line, wherever a command left it: as many blanks as the terminal has columns,
 * and a carriage return. From the start of a line they end at its last column, where a terminal waits with the wrap
 * (DEC's "last column flag"), and the line is the same; from elsewhere they go on in the next line. zsh finds the place of its
 * prompt in this way (PROMPT_SP).
 * @param columns of the terminal; undefined: there is none, and nothing to bring about
 */
export function freshLine(columns: number | undefined): string {
  return columns === undefined || columns === 0 ? "" : `${" ".repeat(columns)}\r`;
}

/** Brings the terminal of standard error to the start of a line, where a command may have written to it. */
export function startFreshLine(): void {
  if (process.stderr.isTTY && process.env["TERM"] !== "dumb")
    process.stderr.write(freshLine(process.stderr.columns));
}
