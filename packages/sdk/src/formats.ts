// How spans of time are written, for whoever shows them to a person. Nothing here imports anything.

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** A part of a duration: so many of a unit. */
export interface DurationPart {
  readonly count: number;
  readonly unit: (typeof UNITS)[number][0];
}

/** The two largest parts of a duration, rounded to seconds; none of one that is shorter. */
export function durationParts(ms: number): readonly DurationPart[] {
  let seconds = Math.max(0, Math.round(ms / 1000));
  const parts: DurationPart[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push({ count, unit });
  }
  return parts.slice(0, 2);
}

/** Writes milliseconds as a person would, and as the gateway does: `5m`, `1m 30s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms < 0.5 ? "0s" : `${Math.round(ms)}ms`;
  return durationParts(ms)
    .map(({ count, unit }) => `${count}${unit}`)
    .join(" ");
}
