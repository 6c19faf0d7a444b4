import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { MayflyError } from "../kernel/errors.ts";
import type { RecordContext, RecordType } from "./records.ts";

/** A record's detail takes at most this many bytes; what is bulkier stands beside the log. */
export const MAX_DETAIL_BYTES = 16_384;
/** What the records of one context share takes at most this many bytes, so that a line stays below 65,535. */
const MAX_CONTEXT_BYTES = 32_768;

/**
 * A line of the log but for its detail, number, time and type. A record's members come in the order of RFC 8785
 * (by UTF-16 code units): configuration, connection, detail, grant, operations, policy, principal, request, seq,
 * session, time, type.
 */
export interface LineFrame {
  /** Up to the detail. */
  readonly head: string;
  /** From behind the detail up to the number. */
  readonly middle: string;
  /** From behind the number up to the time. */
  readonly tail: string;
}

/**
 * Builds the frame of a context's lines.
 * @throws MayflyError `record_too_large`
 */
export function lineFrame(context: RecordContext): LineFrame {
  const member = (name: keyof RecordContext): string => {
    const value = context[name] as Json | undefined;
    return value === undefined ? "" : `"${name}":${canonicalJson(value)},`;
  };
  const head = `{${member("configuration")}${member("connection")}"detail":`;
  const between = `${member("grant")}${member("operations")}${member("policy")}${member("principal")}${member("request")}`;
  const frame = { head, middle: `,${between}"seq":`, tail: `,${member("session")}"time":"` };
  if (Buffer.byteLength(head + between + frame.tail) > MAX_CONTEXT_BYTES)
    throw new MayflyError(
      "record_too_large",
      "who did it and under which grant takes too much room in a record",
      {
        hint: `a record's context takes at most ${MAX_CONTEXT_BYTES} bytes: shorten the list of actors or operations`,
      },
    );
  return frame;
}

/**
 * The frame of the records of a session's acts: they carry the number of the session's opening record, which says
 * the rest.
 */
export function actFrame(opened: number): LineFrame {
  return { head: `{"detail":`, middle: `,"seq":`, tail: `,"session":${opened},"time":"` };
}

/** A whole line, with its newline. `detail` is canonical JSON text. */
export function lineOf(
  frame: LineFrame,
  type: RecordType,
  detail: string,
  seq: number,
  time: string,
): string {
  return `${frame.head}${detail}${frame.middle}${seq}${frame.tail}${time}","type":"${type}"}\n`;
}

/** Formats milliseconds since the epoch as RFC 3339, UTC, with milliseconds; the last one is kept. */
export function timeFormatter(): (ms: number) => string {
  let lastMs = Number.NaN;
  let last = "";
  return (ms) => {
    if (ms === lastMs) return last;
    lastMs = ms;
    last = new Date(ms).toISOString();
    return last;
  };
}
