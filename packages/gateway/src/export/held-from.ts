/** A file of records that is still in the log. */
export interface HeldFile {
  /** The number of its first record. */
  readonly first: number;
  readonly bytes: number;
}

/** What retention leaves for one destination. */
export interface Held {
  /** Files with a record of this number or a later one stay. */
  readonly from: number;
  /** Records that it has not got and that are no longer kept for it. */
  readonly givenUp: number;
}

/** Those of a log's files, oldest first, that hold a record or later ones. */
export function filesFrom(files: readonly HeldFile[], seq: number): readonly HeldFile[] {
  return files.filter((_, at) => (files[at + 1]?.first ?? Number.POSITIVE_INFINITY) > seq);
}

/**
 * What retention leaves for a destination: everything that it has not got, but no more than `holdBack` bytes, so that a
 * destination that stays away does not fill the disk. Pure.
 * @param next the first record that the destination has not got
 * @param files those that hold this record or later ones, oldest first
 */
export function heldFrom(next: number, files: readonly HeldFile[], holdBack: number): Held {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const [at, file] of files.entries()) {
    const isLast = at === files.length - 1;
    if (bytes <= holdBack || isLast) {
      const from = Math.max(next, file.first);
      return { from, givenUp: from - next };
    }
    bytes -= file.bytes;
  }
  return { from: next, givenUp: 0 };
}
