const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/**
 * Reads a time as SAML writes it: xs:dateTime in UTC with a Z (SAML Core 2.0, section 1.3.3).
 * @returns milliseconds since the epoch; undefined for anything else, including the 31st of June
 */
export function readInstant(text: string): number | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const whole = Date.UTC(year, month - 1, day, hour, minute, second);
  // JavaScript moves a day that does not exist into the next month.
  if (new Date(whole).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined;
  return whole + Number((found[7] ?? "").padEnd(3, "0").slice(0, 3));
}
