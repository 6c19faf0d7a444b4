import { open } from "node:fs/promises";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import type { AuditRecord } from "./records.ts";

/** Reads records from the files, without blocking the event loop. */
export interface RecordReader {
  /** Records from `seq` on, oldest first, at most `limit`, and none that is not written yet. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
}

interface Place {
  readonly file: string;
  readonly offset: number;
}

const chunkBytes = 256 * 1024;
/** How many ends of earlier reads are remembered, so that reading on does not search again. */
const remembered = 64;

/** Makes a reader of a log's folder. @param written the number of the first record that is not written yet */
export function recordReader(folder: string, written: () => number): RecordReader {
  const places = new Map<number, Place>();

  async function read(seq: number, limit: number): Promise<readonly AuditRecord[]> {
    const end = Math.min(seq + limit, written());
    const found: AuditRecord[] = [];
    let next = seq;
    while (next < end) {
      const got = await readSome(next, end);
      if (got.length === 0) break;
      // One after another: a list may be too long to be spread into arguments.
      for (const record of got) found.push(record);
      next += got.length;
    }
    return found;
  }

  /** From one file. */
  async function readSome(seq: number, end: number): Promise<readonly AuditRecord[]> {
    const segment = segmentsOf(folder).findLast(({ first }) => first <= seq);
    if (segment === undefined) return [];
    const known = places.get(seq);
    const isKnown = known?.file === segment.file;
    const found: AuditRecord[] = [];
    let at = isKnown ? seq : segment.first;
    let offset = isKnown ? known.offset : 0;
    const file = await open(join(folder, segment.file), "r");
    try {
      let held = Buffer.alloc(0);
      let position = offset;
      while (at < end) {
        const { bytesRead, buffer } = await file.read(
          Buffer.allocUnsafe(chunkBytes),
          0,
          chunkBytes,
          position,
        );
        if (bytesRead === 0) break;
        position += bytesRead;
        held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
        let start = 0;
        for (let stop = held.indexOf(10); stop >= 0 && at < end; stop = held.indexOf(10, start)) {
          if (at >= seq) found.push(JSON.parse(held.toString("utf8", start, stop)) as AuditRecord);
          offset += stop - start + 1;
          start = stop + 1;
          at += 1;
        }
        held = held.subarray(start);
      }
    } finally {
      await file.close();
    }
    remember(at, { file: segment.file, offset });
    return found;
  }

  function remember(seq: number, place: Place): void {
    places.delete(seq);
    places.set(seq, place);
    const [oldest] = places.keys();
    if (places.size > remembered && oldest !== undefined) places.delete(oldest);
  }

  return { read };
}
