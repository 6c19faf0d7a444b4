/**
 * Text from elsewhere made safe for a terminal: an agent writes its own reason, and must not be able to move the
 * cursor, change colours or reorder what a reviewer reads.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Cs}]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** Text on one line. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, " ⏎ ").replaceAll("\t", " "));
}

/** A table with aligned columns; the last column is never padded. No rows: the empty text. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [header, ...rows].map((row) => row.map(oneLine));
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => Array.from(line[column] ?? "").length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === header.length - 1
            ? cell
            : cell + " ".repeat((widths[column] ?? 0) - Array.from(cell).length),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Seconds as a person writes them: `5m`, `1m 30s`. */
export function duration(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? "0s" : parts.slice(0, 2).join(" ");
}

/** A moment, absolute and relative: `2026-11-24 15:04:05 UTC (in 4m 12s)`. */
export function moment(rfc3339: string, now: number = Date.now()): string {
  const at = Date.parse(rfc3339);
  if (Number.isNaN(at)) return printable(rfc3339);
  const text = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const seconds = Math.round((at - now) / 1000);
  return `${text} (${seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`})`;
}

/** Writes a line of results to standard output. */
export function out(text: string): void {
  if (text !== "") process.stdout.write(`${text}\n`);
}

/** Writes a line for the person at the terminal to standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Writes a value as JSON. */
export function outJson(value: unknown): void {
  out(JSON.stringify(value, null, 2));
}

/** Bold where a terminal shows it: NO_COLOR and everything that is no terminal gets plain text. */
export function bold(text: string): string {
  const plain =
    !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return plain ? text : `\u001b[1m${text}\u001b[22m`;
}
