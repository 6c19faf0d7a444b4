import { isUtf8 } from "node:buffer";
import { u16, u32, WireError } from "./framing.ts";

/**
 * What clients say after log-in (PostgreSQL manual, "Message Formats"), decoded from whole messages: `at` is the
 * first byte of the body, `end` the byte behind it. Each function takes the body to its last byte: anything left
 * over, short or counted beyond the body is an error, so that the server cannot read the bytes differently.
 */

function malformed(what: string): WireError {
  return new WireError("08P01", `invalid message format: ${what}`);
}

/** So much of a string is searched for its end here. */
const NEAR_BYTES = 16;

/** Where the string that starts at `at` ends: the place of its NUL. */
function stringEnd(bytes: Buffer, at: number, end: number, what: string): number {
  // Names are short, and a call into the runtime costs more than looking at some bytes.
  const near = Math.min(end, at + NEAR_BYTES);
  for (let place = at; place < near; place += 1) if (bytes[place] === 0) return place;
  const nul = bytes.indexOf(0, near);
  if (nul < 0 || nul >= end) throw malformed(`${what} is not terminated`);
  return nul;
}

/**
 * A text exactly as PostgreSQL will read it.
 * @throws WireError 22021 when the bytes are not UTF-8
 */
function textOf(bytes: Buffer, at: number, end: number): string {
  const text = bytes.toString("utf8", at, end);
  // The replacement character stands for bytes that are not UTF-8, unless the client really sent it.
  if (text.includes("\uFFFD") && !isUtf8(bytes.subarray(at, end))) {
    throw new WireError("22021", "the text is not valid UTF-8");
  }
  return text;
}

/** Names are held by PostgreSQL in so many bytes, and cut to them without a word (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;

/**
 * The name of a statement or portal.
 * @throws WireError 42622 when the server would cut it: two names of the client's could then be one of the server's
 */
function nameOf(bytes: Buffer, at: number, end: number): string {
  if (at === end) return "";
  if (end - at > MAX_NAME_BYTES)
    throw new WireError("42622", `the name of a statement or portal is longer than ${MAX_NAME_BYTES} bytes`);
  return textOf(bytes, at, end);
}

/**
 * Query ('Q'): the text, whose one NUL is the body's last byte.
 * @param read false: only its form is checked, and the answer is empty
 */
export function decodeQuery(bytes: Buffer, at: number, end: number, read = true): string {
  if (stringEnd(bytes, at, end, "the query") !== end - 1) throw malformed("bytes follow the query's NUL");
  return read ? textOf(bytes, at, end - 1) : "";
}

/**
 * Parse ('P'): statement name, text, and the types that the client declares for parameters (OIDs; 0 for unknown).
 * @param longest a text of more bytes is left where it is
 */
export function decodeParse(
  bytes: Buffer,
  at: number,
  end: number,
  longest = Number.POSITIVE_INFINITY,
): { name: string; sql: string | undefined; sqlAt: number; sqlEnd: number; types: readonly number[] } {
  const nameEnd = stringEnd(bytes, at, end, "the statement's name");
  const sqlAt = nameEnd + 1;
  const sqlEnd = stringEnd(bytes, sqlAt, end, "the query");
  if (sqlEnd + 3 > end) throw malformed("the parameter count is missing");
  if (sqlEnd + 3 + 4 * u16(bytes, sqlEnd + 1) !== end)
    throw malformed("the parameter types do not fill the body");
  const types: number[] = [];
  for (let position = sqlEnd + 3; position < end; position += 4) types.push(u32(bytes, position));
  const sql = sqlEnd - sqlAt > longest ? undefined : textOf(bytes, sqlAt, sqlEnd);
  return { name: nameOf(bytes, at, nameEnd), sql, sqlAt, sqlEnd, types };
}

/** A Bind with its values as JSON text: strings for text, `{"base64":…}` for binary, null. */
export interface Bind {
  readonly portal: string;
  readonly statement: string;
  /** A JSON array, canonical (RFC 8785). */
  readonly parameters: string;
  /** Where the message says how many formats its values have. */
  readonly formatsAt: number;
  /** Where it says how many formats its results are to have. */
  readonly resultsAt: number;
}

/** Bind ('B'): portal, statement, formats, values, result formats. */
export function decodeBind(bytes: Buffer, at: number, end: number): Bind {
  const portalEnd = stringEnd(bytes, at, end, "the portal's name");
  const statementEnd = stringEnd(bytes, portalEnd + 1, end, "the statement's name");
  const formatsAt = statementEnd + 3;
  if (formatsAt > end) throw malformed("the format count is missing");
  const formats = u16(bytes, formatsAt - 2);
  let position = formatsAt + 2 * formats;
  if (position + 2 > end) throw malformed("the parameter count is missing");
  const count = u16(bytes, position);
  position += 2;
  if (formats > 1 && formats !== count) throw malformed("formats and parameters differ in number");
  let parameters = "[";
  for (let index = 0; index < count; index += 1) {
    if (position + 4 > end) throw malformed("a parameter's length is missing");
    const length = u32(bytes, position);
    position += 4;
    if (index > 0) parameters += ",";
    if (length === 0xffffffff) {
      parameters += "null";
      continue;
    }
    if (length > end - position) throw malformed("a parameter is longer than the message");
    const format = formats === 0 ? 0 : u16(bytes, formatsAt + (formats === 1 ? 0 : 2 * index));
    if (format > 1) throw malformed(`unknown parameter format ${format}`);
    parameters += valueJson(bytes, position, position + length, format);
    position += length;
  }
  parameters += "]";
  if (position + 2 > end || position + 2 + 2 * u16(bytes, position) !== end) {
    throw malformed("the result formats do not fill the body");
  }
  return {
    portal: nameOf(bytes, at, portalEnd),
    statement: nameOf(bytes, portalEnd + 1, statementEnd),
    parameters,
    formatsAt: formatsAt - 2,
    resultsAt: position,
  };
}

/** Values this short are written as they are, whatever is in them. */
const MAX_SHORT_VALUE = 64;

function valueJson(bytes: Buffer, at: number, end: number, format: number): string {
  if (format === 0) {
    if (end - at <= MAX_SHORT_VALUE && isPlain(bytes, at, end))
      return `"${bytes.toString("latin1", at, end)}"`;
    const text = bytes.toString("utf8", at, end);
    if (!text.includes("\uFFFD") || isUtf8(bytes.subarray(at, end))) {
      const json = JSON.stringify(text);
      // Control characters take six bytes each in JSON: a record must not grow beyond what was sent.
      if (json.length <= 2 * (end - at) + MAX_SHORT_VALUE) return json;
    }
  }
  return `{"base64":"${bytes.toString("base64", at, end)}"}`;
}

/** Whether a text is printable ASCII that JSON writes as it stands. */
function isPlain(bytes: Buffer, at: number, end: number): boolean {
  for (let place = at; place < end; place += 1) {
    const byte = bytes[place] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
  }
  return true;
}

/** Execute ('E'): portal and the most rows to send, 0 for all. */
export function decodeExecute(bytes: Buffer, at: number, end: number): { portal: string; rows: number } {
  const portalEnd = stringEnd(bytes, at, end, "the portal's name");
  if (portalEnd + 5 !== end) throw malformed("the row count does not fill the body");
  return { portal: nameOf(bytes, at, portalEnd), rows: u32(bytes, portalEnd + 1) };
}

/** Describe ('D') and Close ('C'): `S` for a statement or `P` for a portal, and its name. */
export function decodeTarget(bytes: Buffer, at: number, end: number): { kind: "S" | "P"; name: string } {
  const kind = bytes[at];
  if (at >= end || (kind !== 0x53 && kind !== 0x50))
    throw malformed("neither a statement nor a portal is named");
  if (stringEnd(bytes, at + 1, end, "the name") !== end - 1) throw malformed("bytes follow the name's NUL");
  return { kind: kind === 0x53 ? "S" : "P", name: nameOf(bytes, at + 1, end - 1) };
}

/** Messages without a body: Sync, Flush, CopyDone, Terminate. */
export function decodeEmpty(at: number, end: number): void {
  if (at !== end) throw malformed("a message without a body has one");
}

/** The fields of an ErrorResponse or a NoticeResponse that decide something here; a field cut short is left out. */
export function decodeFields(
  bytes: Buffer,
  at: number,
  end: number,
): { severity: string; code: string; message: string } {
  const found: Record<string, string> = {};
  let position = at;
  while (position < end && bytes[position] !== 0) {
    const key = String.fromCharCode(bytes[position] ?? 0);
    const nul = bytes.indexOf(0, position + 1);
    if (nul < 0 || nul >= end) break;
    found[key] ??= bytes.toString("utf8", position + 1, Math.min(nul, position + 2000));
    position = nul + 1;
  }
  const code = found["C"] ?? "";
  return {
    severity: found["V"] ?? found["S"] ?? "ERROR",
    code: /^[0-9A-Z]{5}$/.test(code) ? code : "XX000",
    message: found["M"] ?? "",
  };
}

/** A ParameterStatus ('S'): name and value. */
export function decodeParameterStatus(
  bytes: Buffer,
  at: number,
  end: number,
): { name: string; value: string } {
  const nameEnd = stringEnd(bytes, at, end, "the parameter's name");
  if (stringEnd(bytes, nameEnd + 1, end, "the parameter's value") !== end - 1)
    throw malformed("a parameter's status");
  return { name: bytes.toString("utf8", at, nameEnd), value: bytes.toString("utf8", nameEnd + 1, end - 1) };
}

/** A DataRow ('D') in text form. */
export function decodeDataRow(bytes: Buffer, at: number, end: number): readonly (string | null)[] {
  if (at + 2 > end) throw malformed("the column count is missing");
  const count = u16(bytes, at);
  const values: (string | null)[] = [];
  let position = at + 2;
  for (let index = 0; index < count; index += 1) {
    if (position + 4 > end) throw malformed("a column's length is missing");
    const length = u32(bytes, position);
    position += 4;
    if (length === 0xffffffff) {
      values.push(null);
      continue;
    }
    if (length > end - position) throw malformed("a column is longer than the message");
    values.push(bytes.toString("utf8", position, position + length));
    position += length;
  }
  if (position !== end) throw malformed("bytes follow the last column");
  return values;
}
