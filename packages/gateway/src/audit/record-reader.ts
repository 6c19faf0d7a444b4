import { open } from "node:fs/promises";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import type { AuditRecord } from "./records.ts";

/** What was found in a stretch of the log. */
export interface Stretch {
  readonly records: readonly AuditRecord[];
  /** The number behind the last record that was looked at: where to go on. */
  readonly next: number;
}

/** Reads records from the files, without blocking the event loop. */
export interface RecordReader {
  /** Records from `seq` on, oldest first, at most `limit`, and none that is not written yet. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /**
   * Looks at up to `limit` records from `seq` on and gives back those of a wanted type. The others are not even
   * parsed: most records tell of acts, and whoever wants none of them must not pay for them.
   */
  scan(seq: number, limit: number, wanted: (type: string) => boolean): Promise<Stretch>;
}

interface Place {
  readonly file: string;
  readonly offset: number;
}

const chunkBytes = 256 * 1024;
/** Around the type, which a line ends with: lines.ts writes the members in their order. */
const quote = 0x22;
/** How many ends of earlier reads are remembered, so that reading on does not search again. */
const remembered = 64;

/** Makes a reader of a log's folder. @param written the number of the first record that is not written yet */
export function recordReader(folder: string, written: () => number): RecordReader {
  const places = new Map<number, Place>();

  async function read(seq: number, limit: number): Promise<readonly AuditRecord[]> {
    return (await look(seq, limit)).records;
  }

  async function look(seq: number, limit: number, wanted?: (type: string) => boolean): Promise<Stretch> {
    const end = Math.min(seq + limit, written());
    const records: AuditRecord[] = [];
    let next = seq;
    while (next < end) {
      const got = await readSome(next, end, wanted);
      if (got.next === next) break;
      // One after another: a list may be too long to be spread into arguments.
      for (const record of got.records) records.push(record);
      next = got.next;
    }
    return { records, next };
  }

  /** From one file. */
  async function readSome(seq: number, end: number, wanted?: (type: string) => boolean): Promise<Stretch> {
    const segment = segmentsOf(folder).findLast(({ first }) => first <= seq);
    if (segment === undefined) return { records: [], next: seq };
    const found: AuditRecord[] = [];
    let { at, offset } = nearest(seq, segment.file) ?? { at: segment.first, offset: 0 };
    const file = await open(join(folder, segment.file), "r");
    try {
      // A line is at most 65,535 bytes, so that whatever is left of one leaves room for more.
      const held = Buffer.allocUnsafe(chunkBytes);
      let filled = 0;
      let position = offset;
      while (at < end) {
        const { bytesRead } = await file.read(held, filled, chunkBytes - filled, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        filled += bytesRead;
        let start = 0;
        for (
          let stop = held.indexOf(10);
          stop >= 0 && stop < filled && at < end;
          stop = held.indexOf(10, start)
        ) {
          if (at >= seq && (wanted === undefined || wanted(typeOf(held, stop))))
            found.push(JSON.parse(held.toString("utf8", start, stop)) as AuditRecord);
          start = stop + 1;
          at += 1;
        }
        offset += start;
        held.copyWithin(0, start, filled);
        filled -= start;
      }
    } finally {
      await file.close();
    }
    remember(at, { file: segment.file, offset });
    return { records: found, next: Math.max(at, seq) };
  }

  /** The remembered place that is nearest before a record in its file. */
  function nearest(seq: number, file: string): { at: number; offset: number } | undefined {
    let best: { at: number; offset: number } | undefined;
    for (const [at, place] of places) {
      if (place.file === file && at <= seq && at > (best?.at ?? -1)) best = { at, offset: place.offset };
    }
    return best;
  }

  function remember(seq: number, place: Place): void {
    places.delete(seq);
    places.set(seq, place);
    const [oldest] = places.keys();
    if (places.size > remembered && oldest !== undefined) places.delete(oldest);
  }

  return { read, scan: look };
}

/** The type of the record whose line ends at a place of a buffer: `…"type":"act.intent"}`. */
function typeOf(held: Buffer, stop: number): string {
  const end = stop - 2;
  let start = end;
  while (start > 0 && held[start - 1] !== quote) start -= 1;
  return held.toString("latin1", start, end);
}
