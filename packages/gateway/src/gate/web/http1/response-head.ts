import { ResponseError } from "./errors.ts";

/** The head of an answer, with what of it decides where the answer ends. */
export interface ResponseHead {
  readonly status: number;
  /** Of HTTP/1. */
  readonly minorVersion: 0 | 1;
  /** Names in lower case and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  /** The values of all Connection headers. */
  readonly connection: string;
  readonly keepAlive: string;
}

const MAX_RESPONSE_HEADERS = 512;

/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Names that were read before, in lower case: servers send the same ones again and again. */
const knownNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 256;

function lowerName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (!token.test(name)) throw new ResponseError("ANSWER_HEADER_MALFORMED");
  const lower = name.toLowerCase();
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) knownNames.set(name, lower);
  return lower;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DEL = 0x7f;

/**
 * Looks once at every byte of a head (RFC 9110, section 5.5; RFC 9112, sections 2.2 and 5.2).
 * @throws ResponseError where bytes are no lines of text
 */
function checkBytes(bytes: Buffer, from: number, end: number): void {
  let before = 0;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (before === CR) {
      if (byte !== LF) throw new ResponseError("ANSWER_LINE_BREAK_MALFORMED");
    } else if (before === LF && (byte === SPACE || byte === TAB)) {
      throw new ResponseError("ANSWER_HEADER_FOLDED");
    } else if (byte < SPACE && byte !== TAB && byte !== CR)
      throw new ResponseError(byte === LF ? "ANSWER_LINE_BREAK_MALFORMED" : "ANSWER_CONTROL_CHARACTER");
    else if (byte === DEL) throw new ResponseError("ANSWER_CONTROL_CHARACTER");
    before = byte;
  }
  if (before === CR) throw new ResponseError("ANSWER_LINE_BREAK_MALFORMED");
}

/** Lines of headers that frame, with a tab at an end of their value: some readers take it for a part of the value. */
const tabAroundFraming = /(?:^|\r\n)(?:content-length|transfer-encoding):(?: *\t|[^\r]*\t *(?:\r|$))/i;

/**
 * Reads lines of headers.
 * @param text checked lines, joined by CRLF
 * @param from where the first of them begins
 */
function readFields(text: string, from: number): string[] {
  const headers: string[] = [];
  for (let at = from; at < text.length;) {
    const found = text.indexOf("\r\n", at);
    const lineEnd = found === -1 ? text.length : found;
    const colon = text.indexOf(":", at);
    if (colon === -1 || colon >= lineEnd) throw new ResponseError("ANSWER_HEADER_MALFORMED");
    let start = colon + 1;
    let end = lineEnd;
    while (start < end && isBlank(text.charCodeAt(start))) start += 1;
    while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
    if (headers.length >= 2 * MAX_RESPONSE_HEADERS) throw new ResponseError("ANSWER_HEADERS_TOO_MANY");
    headers.push(lowerName(text.slice(at, colon)), text.slice(start, end));
    at = lineEnd + 2;
  }
  return headers;
}

/** Fields that say where an answer ends: after the body they come too late (RFC 9110, section 6.5.1). */
const FRAMING_FIELDS = new Set(["content-length", "transfer-encoding"]);

/**
 * Reads a trailer section's lines (RFC 9112, section 7.1.2).
 * @param bytes without the empty line at their end
 * @returns names in lower case and values in turn
 * @throws ResponseError also where a trailer is one that frames
 */
export function readTrailers(bytes: Buffer): readonly string[] {
  checkBytes(bytes, 0, bytes.length);
  const trailers = readFields(bytes.toString("latin1"), 0);
  for (let at = 0; at < trailers.length; at += 2)
    if (FRAMING_FIELDS.has(trailers[at] ?? "")) throw new ResponseError("ANSWER_TRAILER_FRAMES");
  return trailers;
}

/** RFC 9112, section 4; the space before an empty reason is often left out. */
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/**
 * Reads an answer's head.
 * @param start where in the bytes it begins
 * @param end where the empty line at its end begins
 * @throws ResponseError when it can be read in more than one way, or in none
 */
export function readResponseHead(bytes: Buffer, start: number, end: number): ResponseHead {
  checkBytes(bytes, start, end);
  const text = bytes.toString("latin1", start, end);
  const found = text.indexOf("\r\n");
  const lineEnd = found === -1 ? text.length : found;
  const match = statusLine.exec(text.slice(0, lineEnd));
  if (match === null) throw new ResponseError("ANSWER_STATUS_LINE_MALFORMED");
  if (text.includes("\t") && tabAroundFraming.test(text)) throw new ResponseError("ANSWER_FRAMING_WITH_TAB");
  const headers = readFields(text, lineEnd + 2);
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let connection = "";
  let keepAlive = "";
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1] ?? "";
    switch (headers[at]) {
      case "content-length":
        if (contentLength !== undefined) throw new ResponseError("ANSWER_LENGTH_TWICE");
        contentLength = value;
        break;
      case "transfer-encoding":
        if (transferEncoding !== undefined) throw new ResponseError("ANSWER_CODING_TWICE");
        transferEncoding = value;
        break;
      case "connection":
        connection = connection === "" ? value : `${connection},${value}`;
        break;
      case "keep-alive":
        keepAlive = value;
        break;
      default:
    }
  }
  return {
    status: Number(match[2]),
    minorVersion: match[1] === "0" ? 0 : 1,
    headers,
    contentLength,
    transferEncoding,
    connection,
    keepAlive,
  };
}
