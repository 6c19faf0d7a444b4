import { statfsSync } from "node:fs";
import { formatByteSize, MIB } from "../../kernel/byte-sizes.ts";
import { messageOf } from "../../kernel/errors.ts";

/** What is left on the log's disk, and whether that is more than its reserve. */
export interface Space {
  /** Asks the file system again. */
  look(): void;
  /** Counts what was written since. */
  wrote(bytes: number): void;
  /** Why only ends are recorded; undefined: anything is. */
  readonly low: string | undefined;
}

/** Where no reserve is configured: this share of the disk, and at most so many bytes. */
const SHARE = 0.05;
const MAX_DEFAULT_BYTES = 256 * MIB;

/** A log that goes on needs new files: of records, checkpoints and what stands beside it. */
const MIN_FREE_FILES = 1000;

/**
 * Asks a file system: bytes that its users may still write, and its size; how many files it still takes, and may have in all,
 * where it counts them.
 */
export type AskSpace = (folder: string) => {
  readonly free: number;
  readonly size: number;
  readonly files?: { readonly free: number; readonly all: number };
};

const askSystem: AskSpace = (folder) => {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(folder);
  return {
    free: bavail * bsize,
    size: blocks * bsize,
    ...(files > 0 ? { files: { free: ffree, all: files } } : {}),
  };
};

/** How a disk is watched. */
export interface SpaceOptions {
  /** Bytes; undefined: a share of the disk. */
  readonly reserve?: number | undefined;
  /** Told when only ends are recorded from now on, and when that is over. */
  readonly onChange: (low: string | undefined) => void;
  readonly ask?: AskSpace;
}

/** Watches the disk of a folder: what grants do must not take the room in which their ends are recorded. */
export function createSpace(folder: string, { reserve, onChange, ask = askSystem }: SpaceOptions): Space {
  let free = Infinity;
  let kept = 0;
  /** Files that it still takes, where that is too few. */
  let fewFiles: number | undefined;
  /** Why the file system does not say. */
  let silent: string | undefined;
  let low: string | undefined;

  const why = (): string | undefined => {
    if (silent !== undefined && reserve !== 0)
      return `its disk does not say what it has left (${silent}), and its last is for the ends of what was granted (audit.reserve)`;
    if (free < kept)
      return `its disk has ${formatByteSize(free)} left, and the last ${formatByteSize(kept)} are for the ends of what was granted (audit.reserve)`;
    if (fewFiles === undefined) return undefined;
    return `its disk takes ${fewFiles} more files (inodes), and the last are for the ends of what was granted (audit.reserve)`;
  };
  const judge = (): void => {
    const before = low;
    low = why();
    if ((before === undefined) !== (low === undefined)) onChange(low);
  };
  const look = (): void => {
    try {
      const { free: now, size, files } = ask(folder);
      free = now;
      const isFew = files !== undefined && files.free < Math.min(files.all * SHARE, MIN_FREE_FILES);
      fewFiles = isFew && reserve !== 0 ? files.free : undefined;
      kept = Math.floor(reserve ?? Math.min(size * SHARE, MAX_DEFAULT_BYTES));
      silent = undefined;
    } catch (error) {
      // Where the folder is gone, whoever looks after the log's files says so.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") silent = messageOf(error);
    }
    judge();
  };

  look();
  return {
    look,
    wrote(bytes) {
      free -= bytes;
      // The file system counts otherwise: in blocks, and with what others free.
      if (free < kept && low === undefined) look();
    },
    get low() {
      return low;
    },
  };
}
