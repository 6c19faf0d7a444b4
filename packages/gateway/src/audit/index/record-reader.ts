import { open } from "node:fs/promises";
import { join } from "node:path";
import { unfoundSession, type Segment, type StoredRecord } from "@mayfly/audit-verifier";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { AuditRecord } from "../records.ts";
import type { DroppedRecords } from "../retention/dropped.ts";
import { createJoiner } from "./referenced.ts";
import { segmentList } from "./segment-list.ts";

/** Records as they are stored, and where to go on. */
interface Found {
  readonly records: readonly StoredRecord[];
  readonly next: number;
}

/** Records in full, and which opening records speak for them. */
export interface OpenedRecords {
  readonly records: readonly AuditRecord[];
  /** The number behind the last record that was looked at: where to go on. */
  readonly next: number;
  /** The number of the session's opening record, by the act's. */
  readonly openings: ReadonlyMap<number, number>;
}

/** What was found in a stretch of the log. */
export interface Stretch {
  readonly records: readonly AuditRecord[];
  /** The number behind the last record that was looked at: where to go on. */
  readonly next: number;
}

/**
 * Reads records from the files, without blocking the event loop. A session's acts come with what its opening record
 * says for them.
 */
export interface RecordReader {
  /** Records from `seq` on, oldest first, at most `limit`, and none that is not written yet. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** As `read`, with the numbers of the opening records that were found for the acts. */
  readWithOpenings(seq: number, limit: number): Promise<OpenedRecords>;
  /**
   * Looks at up to `limit` records from `seq` on and gives back those of a wanted type. The others are not even
   * parsed: most records tell of acts, and whoever wants none of them must not pay for them.
   */
  scan(seq: number, limit: number, wanted: (type: string) => boolean): Promise<Stretch>;
  /** The records of these numbers, oldest first; those that are not there are left out. */
  readEach(seqs: readonly number[]): Promise<readonly AuditRecord[]>;
}

/** Which of the records that are passed are wanted; the others are not even parsed. */
type Wanted = (held: Buffer, stop: number, seq: number) => boolean;

interface Place {
  readonly file: string;
  readonly offset: number;
}

const CHUNK_BYTES = 256 * 1024;
/** Around the type, which a line ends with: lines.ts writes the members in their order. */
const quote = 0x22;
/** Records looked through in one go for those of given numbers. */
const MAX_SPAN = 1024;
/** How many places of earlier reads are remembered, so that reading on does not search again. */
const MAX_PLACES = 1024;

/** Makes a reader of a log's folder. @param written the number of the first record that is not written yet */
export function recordReader(
  folder: string,
  written: () => number,
  dropped: Pick<DroppedRecords, "skip" | "carried"> = { skip: () => undefined, carried: () => [] },
): RecordReader {
  const files = segmentList(folder);
  const places = boundedMap<Place, number>(MAX_PLACES);
  const joiner = createJoiner(async (seq) =>
    (await lookStored(seq, 1)).records.find((record) => record.seq === seq),
  );

  async function read(seq: number, limit: number): Promise<readonly AuditRecord[]> {
    return (await look(seq, limit)).records;
  }

  async function readWithOpenings(seq: number, limit: number): Promise<OpenedRecords> {
    const { records: stored, next } = await lookStored(seq, limit);
    const records = await joiner.join(stored);
    const openings = new Map<number, number>();
    for (const [at, { seq: number, session }] of stored.entries()) {
      if (typeof session === "number" && records[at]?.session !== unfoundSession(session))
        openings.set(number, session);
    }
    return { records, next, openings };
  }

  async function look(seq: number, limit: number, wanted?: (type: string) => boolean): Promise<Stretch> {
    const { records, next } = await lookStored(
      seq,
      limit,
      wanted === undefined ? undefined : (held, stop) => wanted(typeOf(held, stop)),
    );
    return { records: await joiner.join(records), next };
  }

  async function readEach(seqs: readonly number[]): Promise<readonly AuditRecord[]> {
    const sorted = seqs.toSorted((a, b) => a - b);
    const found: AuditRecord[] = [];
    for (let at = 0; at < sorted.length;) {
      const first = sorted[at] as number;
      const some = sorted.slice(at, at + MAX_SPAN).filter((seq) => seq < first + MAX_SPAN);
      const among = new Set(some);
      const span = (some.at(-1) as number) - first + 1;
      const { records } = await lookStored(first, span, (_held, _stop, seq) => among.has(seq));
      found.push(...(await joiner.join(records)));
      at += some.length;
    }
    return found;
  }

  async function lookStored(seq: number, limit: number, wanted?: Wanted): Promise<Found> {
    let end = Math.min(seq + limit, written());
    const records: StoredRecord[] = [];
    let next = seq;
    while (next < end) {
      const behind = dropped.skip(next);
      if (behind !== undefined) {
        // What was dropped counts for nothing, so that whoever reads on gets further.
        for (const { seq: at, line } of dropped.carried(next, behind))
          if (wanted === undefined || wanted(Buffer.from(`${line}\n`), Buffer.byteLength(line), at))
            records.push(JSON.parse(line) as StoredRecord);
        end = Math.min(behind + (end - next), written());
        next = behind;
        continue;
      }
      const got = await readSome(next, end, wanted);
      if (got.next === next) break;
      // One after another: a list may be too long to be spread into arguments.
      for (const record of got.records) records.push(record);
      next = got.next;
    }
    return { records, next };
  }

  /** From one file. */
  async function readSome(seq: number, end: number, wanted?: Wanted): Promise<Found> {
    const found = await files.read(seq, (segment) => readFile(segment, seq, end, wanted));
    return found ?? { records: [], next: seq };
  }

  async function readFile(segment: Segment, seq: number, end: number, wanted?: Wanted): Promise<Found> {
    const found: StoredRecord[] = [];
    let { at, offset } = nearest(places.all(), seq, segment.file) ?? { at: segment.first, offset: 0 };
    const file = await open(join(folder, segment.file), "r");
    try {
      // A line is at most 65,535 bytes, so that whatever is left of one leaves room for more.
      const held = Buffer.allocUnsafe(CHUNK_BYTES);
      let filled = 0;
      let position = offset;
      while (at < end) {
        const { bytesRead } = await file.read(held, filled, CHUNK_BYTES - filled, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        filled += bytesRead;
        let start = 0;
        for (
          let stop = held.indexOf(10);
          stop >= 0 && stop < filled && at < end;
          stop = held.indexOf(10, start)
        ) {
          if (at >= seq && (wanted === undefined || wanted(held, stop, at)))
            found.push(JSON.parse(held.toString("utf8", start, stop)) as StoredRecord);
          start = stop + 1;
          at += 1;
        }
        offset += start;
        // A search that comes back for records in the middle of the file need not begin at its start.
        if (at < seq) places.set(at, { file: segment.file, offset });
        held.copyWithin(0, start, filled);
        filled -= start;
      }
    } finally {
      await file.close();
    }
    places.set(at, { file: segment.file, offset });
    return { records: found, next: Math.max(at, seq) };
  }

  return { read, readWithOpenings, scan: look, readEach };
}

/** The remembered place that is nearest before a record in its file. */
function nearest(
  places: Iterable<readonly [number, Place]>,
  seq: number,
  file: string,
): { at: number; offset: number } | undefined {
  let best: { at: number; offset: number } | undefined;
  for (const [at, place] of places) {
    if (place.file === file && at <= seq && at > (best?.at ?? -1)) best = { at, offset: place.offset };
  }
  return best;
}

/** The type of the record whose line ends at a place of a buffer: `…"type":"act.intent"}`. */
function typeOf(held: Buffer, stop: number): string {
  const end = stop - 2;
  let start = end;
  while (start > 0 && held[start - 1] !== quote) start -= 1;
  return held.toString("latin1", start, end);
}
