import fs from "node:fs";
import { promisify } from "node:util";

/** What the log does to the disk; tests put a failing disk in its place. */
export interface LogFiles {
  /** Opens a file, with mode 0600 when it is made. */
  open(path: string, flags: string): number;
  /** Writes at a position. @returns how many bytes were written, which may be fewer than asked */
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  truncate(fd: number, size: number): void;
  /** fdatasync, blocking. */
  syncNow(fd: number): void;
  /** fdatasync, off the event loop. */
  sync(fd: number): Promise<void>;
  rename(from: string, to: string): void;
  close(fd: number): void;
}

const fdatasync = promisify(fs.fdatasync);

/** The real disk. */
export const realFiles: LogFiles = {
  open: (path, flags) => fs.openSync(path, flags, 0o600),
  write: (fd, bytes, offset, length, position) => fs.writeSync(fd, bytes, offset, length, position),
  truncate: (fd, size) => fs.ftruncateSync(fd, size),
  syncNow: (fd) => fs.fdatasyncSync(fd),
  sync: (fd) => fdatasync(fd),
  rename: (from, to) => fs.renameSync(from, to),
  close: (fd) => fs.closeSync(fd),
};

/**
 * Writes all bytes at a position, in one call unless the disk takes fewer.
 * @throws what the disk throws, or Error when it takes nothing and says nothing
 */
export function writeWhole(
  files: LogFiles,
  fd: number,
  bytes: Uint8Array,
  length: number,
  position: number,
): void {
  let done = files.write(fd, bytes, 0, length, position);
  while (done < length) {
    const n = files.write(fd, bytes, done, length - done, position + done);
    if (n <= 0) throw new Error("the disk took only a part of the write");
    done += n;
  }
}
