import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { segmentFile } from "@mayfly/audit-verifier";
import type { Facts } from "./facts.ts";
import { writeWhole, type LogFiles } from "./files.ts";

/** A file of records that is open for writing. */
interface OpenSegment {
  readonly file: string;
  fd: number;
  /** Bytes that belong to the log. */
  size: number;
  /** Bytes known to be on the disk. */
  synced: number;
  /** Over the bytes that belong to the log. */
  readonly hash: Hash;
  /** What the file was when it was opened. */
  facts: Facts;
}

/** A file of records as it was written: what the file must still hold. */
export interface Written {
  readonly file: string;
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/** The last bytes of a write, to be read back. */
export interface Mark {
  readonly file: string;
  /** Where they end. */
  readonly end: number;
  readonly bytes: Buffer;
}

/** The file that records are written to now. */
export interface Live {
  readonly file: string;
  readonly fd: number;
  readonly size: number;
  /** What it was when it was opened. */
  readonly facts: Facts;
  /** Whether a write that failed has left bytes behind that `repair` takes back. */
  readonly hasRest: boolean;
}

/** A range of a record file. */
export interface Range {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** The end of the log: where records are written. */
export interface Tail {
  /**
   * Writes whole lines with one write, in a new file when this one is full.
   * @param first sequence number of the first of them
   * @throws what the disk throws; what had reached the file is then taken back, at once or by `repair`
   */
  write(bytes: Buffer, length: number, first: number): void;
  /**
   * Tries whether the disk takes writes again, takes back what a failed write left, and writes again what a
   * failed sync may have lost.
   * @throws what the disk throws
   */
  repair(): void;
  /** Waits until everything written before the call is on the disk; concurrent calls share one fdatasync. */
  sync(): Promise<void>;
  /** The end of what is written. */
  position(): { readonly file: string; readonly size: number };
  /** Files begun since the last call, in order. */
  takeBegun(): readonly string[];
  /** The file that is written to. */
  live(): Live;
  /** The end of the last write; undefined when there was none to this file. */
  mark(): Mark | undefined;
  /** What the file that is written to must hold now. */
  written(): Written;
  /** Opens the file that is written to anew: after somebody put back a file with the same content. */
  reopen(): void;
  close(): void;
}

/** What `openTail` needs to know. */
export interface TailOptions {
  readonly folder: string;
  readonly files: LogFiles;
  readonly segmentBytes: number;
  /** Whether every write is also synced, blocking. */
  readonly syncEach: boolean;
  /** The last file, which exists, and how many of its bytes belong to the log. */
  readonly file: string;
  readonly size: number;
  /** Called at the start of each sync: further files to sync before the records, which are closed then. */
  readonly takeUnsynced: () => readonly number[];
  /** Told of a file that is full: nothing is written to it any more. */
  readonly onFull: (full: Written, facts: Facts) => void;
}

/** Bytes at the end of a write that are remembered: any record is longer. */
const MARK_BYTES = 64;

const probe = Buffer.alloc(4096, " ");

/** Opens the end of a log whose files were recovered. */
export function openTail(options: TailOptions): Tail {
  const { folder, files } = options;
  const first = files.open(join(folder, options.file), "r+");
  let segment: OpenSegment = {
    file: options.file,
    fd: first,
    size: options.size,
    synced: options.size,
    hash: createHash("sha256"),
    facts: fstatSync(first),
  };
  hashInto(segment.hash, segment.fd, segment.size);
  /** Full files that are not synced yet. */
  let full: OpenSegment[] = [];
  let begun: string[] = [];
  let leftBehind = false;
  const end = Buffer.alloc(MARK_BYTES);
  let endLength = 0;
  let syncFailed = false;
  let isNewName = false;
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  function roll(first: number): void {
    const file = segmentFile(first);
    const fd = files.open(join(folder, file), "wx+");
    full.push(segment);
    options.onFull(writtenTo(segment), segment.facts);
    segment = { file, fd, size: 0, synced: 0, hash: createHash("sha256"), facts: fstatSync(fd) };
    endLength = 0;
    begun.push(file);
    isNewName = true;
  }

  function takeBack(): void {
    files.truncate(segment.fd, segment.size);
    leftBehind = false;
  }

  async function syncAll(): Promise<void> {
    // A second fdatasync would succeed without having written anything; only `repair` makes good.
    if (syncFailed) throw new Error("an earlier sync failed");
    const written = [...full, segment].map((open) => ({ open, size: open.size }));
    const payloads = options.takeUnsynced();
    try {
      // Payloads first: a record on the disk finds its payload there.
      for (const fd of payloads) await files.sync(fd);
      for (const { open } of written) await files.sync(open.fd);
      if (isNewName) {
        isNewName = false;
        syncFolder(join(folder, "records"));
      }
    } catch (error) {
      syncFailed = true;
      isNewName = true;
      throw error;
    } finally {
      for (const fd of payloads) files.close(fd);
    }
    for (const { open, size } of written) open.synced = Math.max(open.synced, size);
    const done = full.filter((open) => open.synced === open.size);
    full = full.filter((open) => !done.includes(open));
    for (const open of done) files.close(open.fd);
  }

  function start(): Promise<void> {
    running = syncAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    write(bytes, length, first) {
      if (leftBehind) takeBack();
      if (segment.size >= options.segmentBytes) roll(first);
      try {
        writeWhole(files, segment.fd, bytes, length, segment.size);
        if (options.syncEach) files.syncNow(segment.fd);
      } catch (error) {
        leftBehind = true;
        try {
          takeBack();
        } catch {
          // The disk does not even let go of it: `repair` tries again before anything else is written.
        }
        throw error;
      }
      segment.size += length;
      endLength = Math.min(length, MARK_BYTES);
      bytes.copy(end, 0, length - endLength, length);
      segment.hash.update(length === bytes.length ? bytes : bytes.subarray(0, length));
      if (options.syncEach) segment.synced = segment.size;
    },
    repair() {
      takeBack();
      // Blanks without a newline: should the process die here, they are a torn last line and are cut.
      leftBehind = true;
      writeWhole(files, segment.fd, probe, probe.length, segment.size);
      takeBack();
      if (!syncFailed) return;
      // After a failed fdatasync the kernel may take the pages for clean: only what is written again is synced.
      for (const open of [...full, segment]) {
        rewrite(files, join(folder, open.file), open);
        files.syncNow(open.fd);
        open.synced = open.size;
      }
      syncFailed = false;
    },
    sync() {
      if (waiting !== undefined) return waiting;
      if (running === undefined) return start();
      // The sync under way may have begun before the caller's records were written: share the next one.
      waiting = running
        .catch(() => undefined)
        .then(() => {
          waiting = undefined;
          return start();
        });
      return waiting;
    },
    position: () => ({ file: segment.file, size: segment.size }),
    takeBegun() {
      const taken = begun;
      begun = [];
      return taken;
    },
    live: () => ({
      file: segment.file,
      fd: segment.fd,
      size: segment.size,
      facts: segment.facts,
      hasRest: leftBehind,
    }),
    mark: () =>
      endLength === 0
        ? undefined
        : { file: segment.file, end: segment.size, bytes: Buffer.from(end.subarray(0, endLength)) },
    written: () => writtenTo(segment),
    reopen() {
      for (const open of [...full, segment]) {
        const before = open.fd;
        open.fd = files.open(join(folder, open.file), "r+");
        open.facts = fstatSync(open.fd);
        files.close(before);
        // It is not known which bytes of a file that was put back are on the disk: `repair` writes them again.
        open.synced = 0;
      }
      syncFailed = true;
    },
    close() {
      for (const open of [...full, segment]) files.close(open.fd);
    },
  };
}

function writtenTo({ file, size, hash }: OpenSegment): Written {
  return { file, size, digest: hash.copy().digest("hex") };
}

/** Hashes the beginning of a file. @throws Error when it is shorter */
export function hashInto(hash: Hash, fd: number, size: number): void {
  const chunk = Buffer.allocUnsafe(Math.min(size, 256 * 1024));
  for (let at = 0; at < size;) {
    const n = readSync(fd, chunk, 0, Math.min(chunk.length, size - at), at);
    if (n === 0) throw new Error(`it ends after ${at} bytes, before ${size}`);
    hash.update(chunk.subarray(0, n));
    at += n;
  }
}

function rewrite(files: LogFiles, path: string, open: OpenSegment): void {
  const length = open.size - open.synced;
  const bytes = Buffer.alloc(length);
  const fd = openSync(path, "r");
  try {
    if (readSync(fd, bytes, 0, length, open.synced) !== length || (length > 0 && bytes[length - 1] !== 10))
      throw new Error(`${open.file} no longer holds what was written to it`);
  } finally {
    closeSync(fd);
  }
  if (length > 0) writeWhole(files, open.fd, bytes, length, open.synced);
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
