import type { LoggedRecord } from "../../../audit/logs/port.ts";

/** The columns, in order, and what stands in them. */
const columns: readonly (readonly [string, (record: LoggedRecord) => string | undefined])[] = [
  ["seq", ({ seq }) => String(seq)],
  ["time", ({ time }) => time],
  ["type", ({ type }) => type],
  ["principal", ({ principal }) => principal?.name],
  ["principal_kind", ({ principal }) => principal?.kind],
  ["principal_issuer", ({ principal }) => principal?.issuer],
  ["principal_subject", ({ principal }) => principal?.subject],
  ["person", ({ principal }) => principal?.person],
  ["actors", ({ principal }) => principal?.actors?.join(" ")],
  ["connection", ({ connection }) => connection],
  ["operations", ({ operations }) => operations?.join(" ")],
  ["request", ({ request }) => request],
  ["grant", ({ grant }) => grant],
  ["session", ({ session }) => session],
  ["policy", ({ policy }) => policy],
  ["configuration", ({ configuration }) => configuration],
  ["detail", ({ detail }) => JSON.stringify(detail)],
  ["log", ({ log }) => log],
];

/** What a spreadsheet takes for the beginning of a formula, also behind white space. */
const formula = /^[\s\u{FEFF}]*[=+\-@|%\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}]/u;

/**
 * One cell (RFC 4180). Agents write what stands in the log, and an auditor opens it in a spreadsheet: text that would
 * be a formula there gets an apostrophe before it, which makes it text.
 */
export function csvCell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== text ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The first row. */
export const csvHeader: string = `${columns.map(([name]) => name).join(",")}\r\n`;

/** One record as a row. */
export function csvRow(record: LoggedRecord): string {
  return `${columns.map(([, value]) => csvCell(value(record) ?? "")).join(",")}\r\n`;
}
