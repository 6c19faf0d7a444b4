/**
 * A time as PostgreSQL's log_line_prefix writes it, with milliseconds and a time zone's abbreviation or offset, for example
 * `2026-11-29 12:00:00.123 UTC`.
 */
const written =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)? ?(?:([+-])(\d\d):?(\d\d)?|[^\s,]*)$/;

/**
 * Reads the time of a log record. Offsets (`+02`, `-0530`) are read exactly, and so are UTC and GMT. Any other abbreviation
 * is taken for UTC: the same letters mean different offsets in different parts of the world, so that the time may be wrong by
 * hours (the server writes UTC where its setting `log_timezone` says so).
 * @returns milliseconds since the epoch; undefined: it is no such time
 */
export function readLogTime(text: string): number | undefined {
  const match = written.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "0", sign, hours = "0", minutes = "0"] = match;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(3, "0")),
  );
  if (Number.isNaN(at)) return undefined;
  if (sign === undefined) return at;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "+" ? at - offset : at + offset;
}
