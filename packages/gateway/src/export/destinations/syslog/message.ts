import type { OutgoingRecord } from "../../destination.ts";
import type { Exporter } from "../../exporter.ts";
import { severityOf } from "../../severity.ts";

/** "log audit" (RFC 5424, section 6.2.1). */
const FACILITY = 13;
/** Section 6.2.1. */
const severities = { alert: 1, warning: 4, notice: 5, informational: 6 } as const;
/** The enterprise number for examples (RFC 5612): the project has none of its own. */
const ENTERPRISE = 32473;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const digits = Buffer.from("0123456789abcdef");
const ESCAPE_LENGTH = 6;

/** Characters as JSON's escapes: `\u0436`. */
function escapesOf(run: string): string {
  const escapes = Buffer.allocUnsafe(run.length * ESCAPE_LENGTH);
  for (let at = 0; at < run.length; at += 1) {
    const start = at * ESCAPE_LENGTH;
    escapes[start] = BACKSLASH;
    escapes[start + 1] = LETTER_U;
    for (let digit = 0; digit < 4; digit += 1)
      escapes[start + 2 + digit] = digits[(run.charCodeAt(at) >> (12 - 4 * digit)) & 0xf] ?? 0;
  }
  return escapes.toString("latin1");
}

/**
 * JSON with every character beyond ASCII as an escape: the message then needs no byte order mark (section 6.4). By runs: an
 * agent chooses how many such characters there are, and a call for each would keep the traffic waiting.
 */
function asciiJson(text: string): string {
  return text.replaceAll(/[\u007f-\uffff]+/g, escapesOf);
}

/** A value of structured data: what would end it is escaped (section 6.3.3). */
function parameter(value: string): string {
  return value.replaceAll(/["\\\]]/g, String.raw`\$&`);
}

/** A record as a message of RFC 5424, whose structured data tells it from every other: the log and the record's number. */
export function syslogMessage(record: OutgoingRecord, { host, log }: Exporter): string {
  const priority = FACILITY * 8 + severities[severityOf(record.type)];
  const time = new Date(record.at).toISOString();
  const data = `[mayfly@${ENTERPRISE} log="${parameter(log)}" seq="${record.seq}"]`;
  return `<${priority}>1 ${time} ${host} mayflyd - ${record.type} ${data} ${asciiJson(record.text)}`;
}

/** Messages as they go over TLS: each behind its length in bytes (RFC 5425, section 4.3.1). */
export function syslogFrames(records: readonly OutgoingRecord[], exporter: Exporter): Buffer {
  const frames = records.map((record) => {
    const message = syslogMessage(record, exporter);
    return `${Buffer.byteLength(message)} ${message}`;
  });
  return Buffer.from(frames.join(""));
}
