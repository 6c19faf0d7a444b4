import { joinRecord, referencesOf, type StoredRecord } from "@mayfly/audit-verifier";
import type { AuditRecord } from "../records.ts";

/** Bytes of records that are kept because others refer to them; an opening record has about a thousand. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** Reads one record as it is stored; undefined when there is none of that number. */
export type ReadStored = (seq: number) => Promise<StoredRecord | undefined>;

/** Joins records with those they refer to. */
export interface Joiner {
  /** @returns the records in full, in their order */
  join(records: readonly StoredRecord[]): Promise<readonly AuditRecord[]>;
}

/** Makes a joiner that keeps what is referred to, the newest used first, up to a bound; the rest is read again. */
export function createJoiner(read: ReadStored): Joiner {
  const kept = new Map<number, { readonly record: StoredRecord; readonly bytes: number }>();
  let bytes = 0;

  function keep(record: StoredRecord): void {
    const before = kept.get(record.seq);
    const added = before ?? { record, bytes: JSON.stringify(record).length };
    if (before === undefined) bytes += added.bytes;
    // Last in the order is last to go.
    kept.delete(record.seq);
    kept.set(record.seq, added);
    for (const [seq, oldest] of kept) {
      if (bytes <= MAX_KEPT_BYTES || seq === record.seq) break;
      kept.delete(seq);
      bytes -= oldest.bytes;
    }
  }

  return {
    async join(records) {
      const near = new Map(records.map((record) => [record.seq, record]));
      const found = new Map<number, StoredRecord>();
      for (const record of records) {
        if (record.type === "session.opened") keep(record);
        for (const seq of referencesOf(record)) {
          if (found.has(seq)) continue;
          const referred = near.get(seq) ?? kept.get(seq)?.record ?? (await read(seq));
          if (referred === undefined) continue;
          found.set(seq, referred);
          keep(referred);
        }
      }
      // The log is this gateway's own: its records are of the types that it writes.
      return records.map((record) => joinRecord(record, (seq) => found.get(seq)) as AuditRecord);
    },
  };
}
