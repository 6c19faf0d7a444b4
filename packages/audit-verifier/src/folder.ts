import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { MAX_LINE_BYTES } from "./line.ts";

/** One file of records. Its name is the sequence number of its first record. */
export interface Segment {
  readonly first: number;
  /** Relative to the log's folder. */
  readonly file: string;
}

/** The checkpoints' file, relative to the log's folder: one signed note after another, an empty line after each. */
export const checkpointsFile = "checkpoints.txt";
/** The file of the log's verifier keys, oldest first, one a line. */
export const verifierKeysFile = "log.vkey";

const segmentForm = /^\d{12}\.jsonl$/;
/** An archive holds files of records compressed, by Zstandard (RFC 8878). */
const archivedForm = /^\d{12}\.jsonl\.zst$/;
/** A file of records has 8 MiB and what one turn of the gateway adds; what unpacks to more is none. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/** The records of an archived file. @throws Error when it is damaged */
export function unpack(path: string): Buffer {
  return zstdDecompressSync(readFileSync(path), { maxOutputLength: MAX_UNPACKED_BYTES });
}

/** The name of the segment that starts with this record, relative to the log's folder. */
export function segmentFile(first: number): string {
  return join("records", `${String(first).padStart(12, "0")}.jsonl`);
}

/** The segments of a log, in order. */
export function segmentsOf(folder: string): readonly Segment[] {
  return namedLike(folder, segmentForm);
}

/** The segments of an archive, in order. */
export function archivedSegmentsOf(folder: string): readonly Segment[] {
  return namedLike(folder, archivedForm);
}

function namedLike(folder: string, form: RegExp): readonly Segment[] {
  const records = join(folder, "records");
  if (!existsSync(records)) return [];
  return readdirSync(records)
    .filter((name) => form.test(name))
    .toSorted()
    .map((name) => ({ first: Number(name.slice(0, 12)), file: join("records", name) }));
}

/** One line of a file. */
export interface Line {
  /** Without its newline; only valid until the next line is asked for. */
  readonly bytes: Buffer;
  /** Where the line starts in the file. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
  /** False for a last line without its newline. */
  readonly ended: boolean;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * The lines of a file, read as they are asked for.
 * @param until reads no further than this many bytes
 * @param from where to start; it must be the start of a line
 * @param onRead given the bytes as they are read, only valid during the call
 */
export function* linesOf(
  path: string,
  until: number = Infinity,
  from = 0,
  onRead?: (bytes: Buffer) => void,
): Generator<Line> {
  if (path.endsWith(".zst")) {
    yield* linesIn(unpack(path), onRead);
    return;
  }
  const fd = openSync(path, "r");
  try {
    let held = Buffer.alloc(0);
    let offset = from;
    let number = 1;
    for (let at = from; at < until;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, until - at));
      const n = readSync(fd, chunk, 0, chunk.length, at);
      if (n === 0) break;
      at += n;
      onRead?.(chunk.subarray(0, n));
      held = held.length === 0 ? chunk.subarray(0, n) : Buffer.concat([held, chunk.subarray(0, n)]);
      let start = 0;
      for (let end = held.indexOf(10); end >= 0; end = held.indexOf(10, start)) {
        yield { bytes: held.subarray(start, end), offset, number, ended: true };
        number += 1;
        offset += end - start + 1;
        start = end + 1;
      }
      held = held.subarray(start);
      // A line this long is wrong whatever follows; it is given up in pieces, so that memory stays bounded.
      if (held.length > 4 * MAX_LINE_BYTES + CHUNK_BYTES) {
        yield { bytes: held, offset, number, ended: false };
        offset += held.length;
        held = Buffer.alloc(0);
      }
    }
    if (held.length > 0) yield { bytes: held, offset, number, ended: false };
  } finally {
    closeSync(fd);
  }
}

function* linesIn(bytes: Buffer, onRead?: (bytes: Buffer) => void): Generator<Line> {
  onRead?.(bytes);
  let number = 1;
  for (let offset = 0; offset < bytes.length; number += 1) {
    const end = bytes.indexOf(10, offset);
    const stop = end < 0 ? bytes.length : end;
    yield { bytes: bytes.subarray(offset, stop), offset, number, ended: end >= 0 };
    offset = stop + 1;
  }
}

/** One entry of the checkpoints' file. */
export interface CheckpointEntry {
  readonly note: string;
  /** The line it starts at. */
  readonly line: number;
  /** Where it starts in the file. */
  readonly offset: number;
  /** False for a last entry that was not written to its end. */
  readonly ended: boolean;
}

/** The entries of the checkpoints' file, read as they are asked for; nothing about them is verified. */
export function* checkpointEntries(
  folder: string,
  until: number = Infinity,
  from = 0,
): Generator<CheckpointEntry> {
  const path = join(folder, checkpointsFile);
  if (!existsSync(path)) return;
  let note = "";
  let start = { line: 1, offset: from };
  let blanks = 0;
  for (const line of linesOf(path, until, from)) {
    if (note === "") start = { line: line.number, offset: line.offset };
    const text = line.bytes.toString("utf8");
    if (line.ended && text === "" && blanks === 1) {
      yield { note, ...start, ended: true };
      note = "";
      blanks = 0;
      continue;
    }
    if (text === "") blanks += 1;
    note += line.ended ? `${text}\n` : text;
  }
  if (note !== "") yield { note, ...start, ended: false };
}
