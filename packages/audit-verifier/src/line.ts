import { isUtf8 } from "node:buffer";
import canonicalize from "canonicalize";
import { MAX_LINE_BYTES } from "./core/line-limit.ts";

export { MAX_LINE_BYTES } from "./core/line-limit.ts";

/** What a line of the log says, as far as verification needs it. */
export interface RecordLine {
  readonly seq: number;
  readonly time: string;
  readonly type: string;
  readonly detail: unknown;
  /** The number of the session's opening record; in the older form of acts, and in other records, its id. */
  readonly session: string | number | undefined;
  /** What the record says its operations are: an opening record's are a list. */
  readonly operations: unknown;
  readonly text: string;
}

const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * Reads one line of the log (without its newline), strictly: UTF-8, JSON in its canonical form (RFC 8785), a
 * sequence number, a time in UTC with milliseconds (RFC 3339) and a type.
 * @throws Error saying what is wrong with it
 */
export function parseRecordLine(bytes: Buffer): RecordLine {
  const { text, value } = parseJson(bytes);
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new Error("the line is not a JSON object");
  const { seq, time, type, detail, session, operations } = value as Record<string, unknown>;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0)
    throw new Error("the record has no sequence number");
  if (typeof time !== "string" || !timeForm.test(time) || !isRealTime(time))
    throw new Error("the record's time is not a time in UTC with milliseconds");
  if (typeof type !== "string" || type === "") throw new Error("the record has no type");
  if (!isSession(session)) throw new Error("the record's session is neither an id nor a record's number");
  if (!isCanonical(value, text)) throw new Error("the line is not canonical JSON (RFC 8785)");
  return { seq, time, type, detail, session, operations, text };
}

function isSession(session: unknown): session is string | number | undefined {
  if (typeof session === "number") return Number.isSafeInteger(session) && session >= 0;
  return session === undefined || typeof session === "string";
}

function isRealTime(time: string): boolean {
  const at = Date.parse(time);
  return !Number.isNaN(at) && new Date(at).toISOString() === time;
}

function parseJson(bytes: Buffer): { text: string; value: unknown } {
  if (bytes.length > MAX_LINE_BYTES)
    throw new Error(`the line has ${bytes.length} bytes; a record has at most ${MAX_LINE_BYTES}`);
  if (!isUtf8(bytes)) throw new Error("the line is not UTF-8");
  const text = bytes.toString("utf8");
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    throw new Error("the line is not JSON");
  }
}

/**
 * ECMAScript's own serialisation is RFC 8785's but for the order of members and for lone surrogates, which RFC
 * 8785 refuses: where neither is in question, that is the quicker proof.
 */
function isCanonical(value: unknown, text: string): boolean {
  if (!text.includes("\\ud") && isSorted(value) && JSON.stringify(value) === text) return true;
  try {
    return canonicalize(value) === text;
  } catch {
    return false;
  }
}

function isSorted(value: unknown): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last: string | undefined;
  for (const name of Object.keys(value)) {
    if (last !== undefined && !(last < name)) return false;
    last = name;
    if (!isSorted((value as Record<string, unknown>)[name])) return false;
  }
  return true;
}
