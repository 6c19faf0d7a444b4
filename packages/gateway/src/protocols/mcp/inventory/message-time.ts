const isoForm = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?([Zz]|[+-]\d\d:?\d\d)$/;
/** How a line of a log begins that says when it was written. */
const firstForm =
  /^[[(]?(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:[Zz]|[+-]\d\d:?\d\d))(?![\w:])/;
/** From here on a number counts milliseconds: as seconds it would be the year 5138. */
const FIRST_MILLISECONDS = 1e11;
const LAST_MILLISECONDS = 1e14;

function isoTime(text: string): number | undefined {
  const [, day = "", time = "", fraction = "", zone = ""] = isoForm.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00:00Z`);
  // A day that there is not becomes the next month's.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const at = Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}

/**
 * A time as recorders write it: RFC 3339, or a number of seconds or milliseconds since the epoch. One without an offset is none:
 * nobody knows when it was.
 * @returns milliseconds since the epoch; undefined: it is no such time
 */
export function readTime(value: unknown): number | undefined {
  if (typeof value === "string") return value.length > 40 ? undefined : isoTime(value);
  if (typeof value !== "number" || !(value >= 0) || value >= LAST_MILLISECONDS) return undefined;
  return Math.floor(value < FIRST_MILLISECONDS ? value * 1000 : value);
}

/** The time that a line of a log begins with. */
export const firstTime = (line: string): number | undefined => readTime(firstForm.exec(line)?.[1]);
