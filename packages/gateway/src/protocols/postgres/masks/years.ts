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

/** A day of that calendar, counted from 1970-01-01 (days_from_civil of the same). @param month from 1 */
function dayOf(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}

/** Of a day as PostgreSQL counts them, the first one of its year. */
export function firstDayOfYear(day: number): number {
  return dayOf(yearOfDay(day + EPOCH_DAYS), 1, 1) - EPOCH_DAYS;
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
  /^(?:(?<year>\d{4,7})-(?<month>\d\d)-(?<date>\d\d)(?: (?<time>\d\d:\d\d:\d\d)(?:\.\d{1,6})?(?<zone>[+-]\d\d(?::\d\d){0,2})?)?(?<before> BC)?|-?infinity)$/u;
/** A longer text is none of these. */
const MAX_WRITTEN = 64;

/**
 * The same three in text. A `timestamptz` is shown in UTC: what it has of the session's time zone, which the client
 * chooses, would tell its month and its hour.
 * @throws WireError when the session shows dates in another way than ISO's
 */
export function writeYear(out: Output, source: Buffer, from: number, to: number): void {
  const found = to - from > MAX_WRITTEN ? null : written.exec(source.toString("latin1", from, to));
  if (found === null)
    throw new WireError(
      "0A000",
      "a date that is masked to its year came in a form that is not ISO's; hint: SET datestyle = 'ISO'",
    );
  const { year, month, date, time, zone, before } = found.groups ?? {};
  if (year === undefined) return writeText(out, found[0]);
  // The calendar has a year 0, which people call 1 BC.
  const own = before === undefined ? Number(year) : 1 - Number(year);
  const shown =
    zone === undefined
      ? own
      : yearOfDay(dayOf(own, Number(month), Number(date)) + daysAhead(time ?? "", zone));
  const clock = time === undefined ? "" : zone === undefined ? " 00:00:00" : " 00:00:00+00";
  const words = String(shown > 0 ? shown : 1 - shown).padStart(4, "0");
  writeText(out, `${words}-01-01${clock}${shown > 0 ? "" : " BC"}`);
}

/** By how many days a time in a zone is another day in UTC: -1, 0 or 1. */
function daysAhead(time: string, zone: string): number {
  const ahead = secondsOf(zone.slice(1)) * (zone.startsWith("-") ? -1 : 1);
  return Math.floor((secondsOf(time) - ahead) / 86_400);
}

/** Of `12:30:01`, `12:30` or `12`. */
function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

function writeText(out: Output, text: string): void {
  out.int32(text.length);
  out.reserve(text.length);
  out.length += out.bytes.write(text, out.length, "latin1");
}
