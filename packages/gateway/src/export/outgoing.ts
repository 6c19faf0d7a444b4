import type { RecordReader } from "../audit/index/record-reader.ts";
import type { AuditRecord, RecordType } from "../audit/records.ts";
import { ocsfEvent } from "./ocsf/event.ts";
import type { Exporter } from "./exporter.ts";
import type { OutgoingRecord } from "./destination.ts";
import type { ExportSource } from "./stream.ts";

/** Writes a record as one JSON object without line breaks. */
export type Format = (record: AuditRecord) => string;

/** Records as the log's readers give them: an act with what its session's opening record says for it. */
export const mayflyFormat: Format = (record) => JSON.stringify(record);

/** Records as events of the Open Cybersecurity Schema Framework. */
export const ocsfFormat =
  (exporter: Exporter): Format =>
  (record) =>
    JSON.stringify(ocsfEvent(record, exporter));

/** Characters of one batch: whoever sends it works on them in one go. A record is taken whole. */
const MAX_BATCH_LENGTH = 262_144;

/** Reads records from the log's files and writes them in a format. @param end see `ExportSource.end` */
export function exportSource(
  reader: Pick<RecordReader, "readWithOpenings">,
  end: () => number,
  format: Format,
): ExportSource {
  /** So many records are likely to fit into a batch: more are read only to be read again. */
  let fitting = Number.POSITIVE_INFINITY;
  return {
    end,
    async read(seq, limit) {
      const found = await reader.readWithOpenings(seq, Math.min(limit, fitting));
      const records: OutgoingRecord[] = [];
      let length = 0;
      for (const record of found.records) {
        if (length >= MAX_BATCH_LENGTH) {
          fitting = records.length;
          return { records, next: record.seq };
        }
        const one = outgoing(record, format);
        length += one.text.length;
        records.push(one);
      }
      if (length < MAX_BATCH_LENGTH / 2) fitting *= 2;
      return { records, next: found.next };
    },
  };
}

/** A record's number, time and type alone, in a format: nothing of it was written by an agent. */
export function bareRecord({ seq, at, type }: OutgoingRecord, format: Format): OutgoingRecord {
  const record = {
    seq,
    time: new Date(at).toISOString(),
    type: type as RecordType,
    detail: { omitted: "the receiver of this export refused the record: it is in the log" },
  };
  return outgoing(record, format);
}

function outgoing(record: AuditRecord, format: Format): OutgoingRecord {
  return { seq: record.seq, at: Date.parse(record.time), type: record.type, text: format(record) };
}
