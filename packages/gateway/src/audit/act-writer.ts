import type { LineFrame } from "./lines.ts";
import type { ActWriter } from "./log.ts";
import type { RecordType } from "./records.ts";

/** What a line of an act takes besides its detail, about, bytes. */
const LINE_BYTES = 100;

/** The log's side of it. */
export interface ActWriterParts {
  /** Queues one line. @returns its sequence number @throws LogUnavailable */
  readonly queue: (frame: LineFrame, type: RecordType, detail: string) => number;
  /** The time of the newest line, milliseconds since the epoch. */
  readonly at: () => number;
}

/** Writes the records of one session's acts. @param frame what their lines share */
export function createActWriter(frame: LineFrame, { queue, at }: ActWriterParts): ActWriter {
  let bytes = 0;
  return {
    append(type, detail) {
      // One raw newline would make two records of one.
      if (detail.includes("\n") || detail[0] !== "{") throw new TypeError("detail is not canonical JSON");
      bytes = Buffer.byteLength(detail) + LINE_BYTES;
      return queue(frame, type, detail);
    },
    get at() {
      return at();
    },
    get bytes() {
      return bytes;
    },
  };
}
