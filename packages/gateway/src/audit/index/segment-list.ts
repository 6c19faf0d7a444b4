import { segmentsOf, type Segment } from "@mayfly/audit-verifier";

/**
 * The files of a log as they were listed last. A log of 100 GB has twelve thousand, too many to be listed for every read:
 * files are only ever added behind the last, and dropped.
 */
export interface SegmentList {
  /**
   * Reads a record's file. Where that gives nothing, the files are listed again: one was begun since, or dropped.
   * @param look gives the number behind the last record that it read
   * @returns undefined: no file holds it
   */
  read<Found extends { readonly next: number }>(
    seq: number,
    look: (segment: Segment) => Promise<Found>,
  ): Promise<Found | undefined>;
}

export function segmentList(folder: string): SegmentList {
  let known: readonly Segment[] = [];
  return {
    async read(seq, look) {
      const segment = holding(known, seq);
      const found = segment === undefined ? undefined : await look(segment).catch(ifGone);
      if (found !== undefined && found.next > seq) return found;
      known = segmentsOf(folder);
      const now = holding(known, seq);
      return now === undefined || (found !== undefined && now.file === segment?.file) ? found : look(now);
    },
  };
}

/** The file that holds a record: the last that begins no later. */
function holding(segments: readonly Segment[], seq: number): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.first ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1];
}

/** A file that is not there gives nothing. @throws any other error */
function ifGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
