const unitsInSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
const grammar = /^(\d{1,9})(ms|s|m|h|d)$/;

/**
 * Reads a duration as configuration and command lines write it: `500ms`, `30s`, `5m`, `8h`, `7d`.
 * @returns milliseconds, or undefined when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const match = grammar.exec(text);
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof unitsInSeconds;
  return Math.round(Number(match[1]) * unitsInSeconds[unit] * 1000);
}

/** Writes milliseconds as a person would: `5m`, `1m 30s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  let seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitsInSeconds[unit];
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}
