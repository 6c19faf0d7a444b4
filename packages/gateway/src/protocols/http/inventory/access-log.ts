import type { ActSource } from "../../../gate/inventory/seen.ts";
import { clientOf, isNone, lineSource, type LogLine, readRequestLine } from "./log-line.ts";
import { readCommonTime } from "./log-line-time.ts";

/** Characters of `02/Dec/2026:08:19:19 +0000`. */
const TIME_CHARACTERS = 26;
const [blank, bracket, closed] = [0x20, 0x5b, 0x5d];

/** Status and bytes, behind the quote that ends the request. */
const answer = /" (\d{1,3}|-) (?:\d+|-)(?= |$)/y;
const versionEnds = /HTTP\/\d(?:\.\d)?$/;
const hostAndPort = /^(?:[^\s":[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;
const begins =
  /^[^\s"]+ [^\s"]+ [^"]{0,1024}\[\d\d\/[A-Za-z]{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "[A-Z]{3,16} /;

const NO_LINE = "it is no line of an access log";
const TWO_WAYS = "it can be read in two ways";

/** The next quote that is not escaped, from a place on; -1: there is none. */
function quoteIn(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (at - escapes > from && text.charCodeAt(at - escapes - 1) === 0x5c) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

/** The time that ends before a quote, `[…] "`; undefined: none does. */
function timeBefore(text: string, quote: number): number | undefined {
  const end = quote - 2;
  const start = end - TIME_CHARACTERS;
  if (start < 1 || text.charCodeAt(quote - 1) !== blank || text.charCodeAt(end) !== closed) return undefined;
  return text.charCodeAt(start - 1) === bracket ? readCommonTime(text.slice(start, end)) : undefined;
}

/**
 * Why what follows the bytes makes the line doubtful. Servers that escape nothing write whatever a client calls itself: then a
 * user's name or a request can hold what looks like the rest of a line, and the true rest stands behind it.
 */
function problemBehind(text: string, from: number): string | undefined {
  let quotes = 0;
  for (let at = quoteIn(text, from); at !== -1; at = quoteIn(text, at + 1)) {
    quotes += 1;
    if (timeBefore(text, at) !== undefined) return TWO_WAYS;
    if (text.charCodeAt(at + 1) !== blank || !versionEnds.test(text.slice(at - 8, at))) continue;
    answer.lastIndex = at;
    if (answer.test(text)) return TWO_WAYS;
  }
  return quotes % 2 === 0 ? undefined : "a quote in it is not closed";
}

/** Who made the request, and the host that was called; otherwise why the columns before the time cannot be read. */
function readColumns(text: string): { readonly by: string; readonly host: string } | string {
  const first = text.indexOf(" ");
  let address = text.slice(0, first);
  let rest = text.slice(first + 1);
  let host = "";
  let second = rest.indexOf(" ");
  // `%v:%p %h %l %u`: a host stands before the address.
  if (address.includes(":") && hostAndPort.test(address) && !rest.startsWith("- ")) {
    const third = rest.indexOf(" ", second + 1);
    // A host and a column less, or an address with its port.
    if (third === -1) return TWO_WAYS;
    host = address;
    address = rest.slice(0, second);
    rest = rest.slice(second + 1);
    second = third - second - 1;
  }
  if (first <= 0 || second <= 0 || address === "") return NO_LINE;
  const ident = rest.slice(0, second);
  const user = rest.slice(second + 1);
  // Apache writes two quotes for a name of no characters.
  const isEmpty = user === '""';
  if (quoteIn(isEmpty ? text.slice(0, -2) : text, 0) !== -1) return TWO_WAYS;
  // A name of two words, or a column more.
  if (user.includes(" ") && (ident !== "-" || user.startsWith("- "))) return TWO_WAYS;
  return { by: isEmpty || isNone(user) ? (isNone(address) ? "" : clientOf(address)) : user, host };
}

function read(text: string): LogLine | string {
  const quote = text.indexOf('] "') + 2;
  const at = timeBefore(text, quote);
  const time = quote - 2 - TIME_CHARACTERS - 1;
  if (at === undefined || text.charCodeAt(time - 1) !== blank) return NO_LINE;
  const columns = readColumns(text.slice(0, time - 1));
  if (typeof columns === "string") return columns;
  const end = quoteIn(text, quote + 1);
  if (end === -1) return NO_LINE;
  answer.lastIndex = end;
  const [whole, status = ""] = answer.exec(text) ?? [];
  if (whole === undefined) return NO_LINE;
  const problem = problemBehind(text, end + whole.length);
  if (problem !== undefined) return problem;
  const { by, host } = columns;
  return { request: readRequestLine(text.slice(quote + 1, end)), status, by, host, at };
}

/**
 * The common and the combined format, of nginx (https://nginx.org/en/docs/http/ngx_http_log_module.html), Apache
 * (https://httpd.apache.org/docs/2.4/logs.html#accesslog) and whatever writes the same, with any columns behind them. A host
 * with its port may stand before the address (Apache's `vhost_combined`). A user's name stays as it is written, escapes too.
 * Such a log does not say whether a request had a body.
 */
export const httpCombined: ActSource = lineSource({
  format: "http-combined",
  read,
  isLine: (text) => typeof read(text) !== "string",
  begins: (text) => begins.test(text),
});
