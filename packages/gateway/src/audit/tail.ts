import { closeSync, fsyncSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { segmentFile } from "@mayfly/audit-verifier";
import { writeWhole, type LogFiles } from "./files.ts";

/** A file of records that is open for writing. */
interface OpenSegment {
  readonly file: string;
  readonly fd: number;
  /** Bytes that belong to the log. */
  size: number;
  /** Bytes known to be on the disk. */
  synced: number;
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
}

const probe = Buffer.alloc(4096, " ");

/** Opens the end of a log whose files were recovered. */
export function openTail(options: TailOptions): Tail {
  const { folder, files } = options;
  let segment: OpenSegment = {
    file: options.file,
    fd: files.open(join(folder, options.file), "r+"),
    size: options.size,
    synced: options.size,
  };
  /** Full files that are not synced yet. */
  let full: OpenSegment[] = [];
  let begun: string[] = [];
  let leftBehind = false;
  let syncFailed = false;
  let isNewName = false;
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  function roll(first: number): void {
    const file = segmentFile(first);
    const fd = files.open(join(folder, file), "wx+");
    full.push(segment);
    segment = { file, fd, size: 0, synced: 0 };
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
    close() {
      for (const open of [...full, segment]) files.close(open.fd);
    },
  };
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
