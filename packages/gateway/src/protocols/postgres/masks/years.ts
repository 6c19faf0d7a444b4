import { WireError } from "../wire/framing.ts";
import type { Output } from "./output.ts";

/** Days from 1970-01-01, from which the algorithm counts, to 2000-01-01, from which PostgreSQL counts. */
const EPOCH_DAYS = 10_957;
const DAY_MICROSECONDS = 86_400_000_000n;
const MAX_INT64 = 0x7fffffffffffffffn;

/** The year of a day of the Gregorian calendar, counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). */
function yearOfDay(day: number): number {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // The algorithm's years begin in March.
  return yearOfEra + era * 400 + (dayOfYear >= 306 ? 1 : 0);
}

/** The first of January of a year, as days from 1970-01-01 (days_from_civil of the same). */
function firstDayOf(year: number): number {
  const before = year - 1;
  const era = Math.floor(before / 400);
  const yearOfEra = before - era * 400;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + 306;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Of a day as PostgreSQL counts them, the first one of its year. */
export function firstDayOfYear(day: number): number {
  return firstDayOf(yearOfDay(day + EPOCH_DAYS)) - EPOCH_DAYS;
}

/** `date` in binary: a signed number of days. Infinity, both ways, stays. */
export function writeDay(out: Output, source: Buffer, from: number): void {
  const day = source.readInt32BE(from);
  const isInfinite = day === 0x7fffffff || day === -0x80000000;
  out.int32(4);
  out.int32(isInfinite ? day : firstDayOfYear(day));
}

/** `timestamp` and `timestamptz` in binary: a signed number of microseconds, UTC. */
export function writeInstant(out: Output, source: Buffer, from: number): void {
  const at = source.readBigInt64BE(from);
  const isInfinite = at === MAX_INT64 || at === -MAX_INT64 - 1n;
  const days = at / DAY_MICROSECONDS - (at % DAY_MICROSECONDS < 0n ? 1n : 0n);
  out.int32(8);
  out.reserve(8);
  const masked = isInfinite ? at : BigInt(firstDayOfYear(Number(days))) * DAY_MICROSECONDS;
  out.length = out.bytes.writeBigInt64BE(masked, out.length);
}

/** What `date`, `timestamp` and `timestamptz` look like with DateStyle ISO, and infinity. */
const written =
  /^(?:(?<year>\d{4,7})-\d\d-\d\d(?<time> \d\d:\d\d:\d\d(?:\.\d{1,6})?)?(?<zone>[+-]\d\d(?::\d\d){0,2})?(?<before> BC)?|-?infinity)$/u;

/** The same three in text. @throws WireError when the session shows dates in another way than ISO's */
export function writeYear(out: Output, source: Buffer, from: number, to: number): void {
  const found = written.exec(source.toString("latin1", from, Math.min(to, from + 64)));
  if (found === null || to - from > 64)
    throw new WireError(
      "0A000",
      "a date that is masked to its year came in a form that is not ISO's; hint: SET datestyle = 'ISO'",
    );
  const { year, time, zone = "", before = "" } = found.groups ?? {};
  const masked =
    year === undefined ? found[0] : `${year}-01-01${time === undefined ? "" : " 00:00:00"}${zone}${before}`;
  out.int32(masked.length);
  out.reserve(masked.length);
  out.length += out.bytes.write(masked, out.length, "latin1");
}
