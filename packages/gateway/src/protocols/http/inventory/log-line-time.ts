const months: readonly string[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const commonForm = /^(\d\d)\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/;
const isoForm =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
const numberForm = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

/** Whole milliseconds of a second's fraction; the rest is left out. */
const milliseconds = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, "0"));

/** Fields of a time as they are written: a month that there is not, or hour 24, make it NaN. */
function instant(
  [year, month, day, hour, minute, second]: readonly number[],
  thousandths: number,
  [sign, hours, minutes]: readonly [string | undefined, string | undefined, string | undefined],
): number {
  if (year === undefined || month === undefined || day === undefined) return Number.NaN;
  if (hour === undefined || minute === undefined || second === undefined) return Number.NaN;
  const [offHours, offMinutes] = [Number(hours ?? 0), Number(minutes ?? 0)];
  // A leap second is second 60.
  if (hour > 23 || minute > 59 || second > 60 || offHours > 23 || offMinutes > 59) return Number.NaN;
  const midnight = new Date(Date.UTC(year, month, day));
  if (midnight.getUTCDate() !== day || midnight.getUTCMonth() !== month) return Number.NaN;
  const offset = (offHours * 60 + offMinutes) * (sign === "-" ? -1 : 1);
  return midnight.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + thousandths;
}

/** Characters of `02/Dec/2026:08:19:`, and where the offset begins, with the blank before it. */
const MINUTE_CHARACTERS = 18;
const OFFSET_AT = 20;

/** The minute of the last time that was read. */
let lastMinute = "";
let lastOffset = "";
let lastTime = Number.NaN;

/** The second of a text, where two digits below 60 stand at the place; otherwise NaN. */
function secondAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * Reads `02/Dec/2026:08:19:19 +0000`. The minute is remembered: many lines of a log are of the same one.
 * @returns milliseconds since the epoch; NaN: it has the form, but there is no such time; undefined: it has another form
 */
export function readCommonTime(text: string): number | undefined {
  if (lastMinute !== "" && text.startsWith(lastMinute) && text.slice(OFFSET_AT) === lastOffset) {
    const time = lastTime + secondAt(text, MINUTE_CHARACTERS) * 1000;
    if (!Number.isNaN(time)) return time;
  }
  const match = commonForm.exec(text);
  if (match === null) return undefined;
  const [, day, month = "", year, hour, minute, second, sign, hours, minutes] = match;
  const fields = [Number(year), months.indexOf(month), Number(day), Number(hour), Number(minute)];
  lastTime = instant([...fields, 0], 0, [sign, hours, minutes]);
  lastMinute = ` ${text.slice(0, MINUTE_CHARACTERS)}`.slice(1);
  lastOffset = text.slice(OFFSET_AT);
  return instant([...fields, Number(second)], 0, [sign, hours, minutes]);
}

/**
 * Reads a time as RFC 3339 writes it, with what is left open of it: a blank for the `T`, `+0000`.
 * A time without an offset is none: nobody knows when it was.
 * @returns milliseconds since the epoch; NaN: it is no such time
 */
export function readIsoTime(text: string): number {
  const match = isoForm.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction = "", sign, hours, minutes] = match;
  const fields = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)];
  return instant(fields, milliseconds(fraction), [sign, hours, minutes]);
}

/** From here on a number counts milliseconds: as seconds it would be the year 5138. */
const FIRST_MILLISECONDS = 1e11;
const LAST_MILLISECONDS = 1e14;

/**
 * Reads a time in any form that logs write: RFC 3339, `02/Dec/2026:08:19:19 +0000`, seconds or milliseconds since the epoch.
 * @returns milliseconds since the epoch; NaN: it is none of these
 */
export function readAnyTime(text: string): number {
  const match = numberForm.exec(text);
  if (match === null) return readCommonTime(text) ?? readIsoTime(text);
  const [, whole, fraction = ""] = match;
  const number = Number(whole);
  if (number >= LAST_MILLISECONDS) return Number.NaN;
  return number < FIRST_MILLISECONDS ? number * 1000 + milliseconds(fraction) : number;
}
