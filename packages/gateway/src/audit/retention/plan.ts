import type { SegmentFacts } from "./facts.ts";

/** For how long, and how much of, the log is kept. */
export interface RetentionRules {
  /** Milliseconds, by the records' own times; undefined: for ever. */
  readonly keep?: number;
  /** Bytes of records; undefined: any number. */
  readonly size?: number;
}

/** A file of records that is to go, and by which rule. */
export interface Due {
  readonly facts: SegmentFacts;
  readonly why: "age" | "size";
}

/**
 * Which files of records are to go, oldest first. Pure.
 * @param full the files that nobody writes to any more, oldest first
 * @param live the file that records are written to
 * @param below files with a record of this number or a later one stay
 */
export function planDrops(
  full: readonly SegmentFacts[],
  live: Pick<SegmentFacts, "bytes" | "elapsed">,
  rules: RetentionRules,
  below: number,
): readonly Due[] {
  let age = full.reduce((sum, { elapsed }) => sum + elapsed, live.elapsed);
  let bytes = full.reduce((sum, each) => sum + each.bytes, live.bytes);
  const due: Due[] = [];
  for (const facts of full) {
    // How long ago its last record was written, by what was written since.
    age -= facts.elapsed;
    const isOld = rules.keep !== undefined && age > rules.keep;
    const isMuch = rules.size !== undefined && bytes > rules.size;
    if (!isOld && !isMuch) continue;
    if (facts.first + facts.count > below) break;
    bytes -= facts.bytes;
    due.push({ facts, why: isOld ? "age" : "size" });
  }
  return due;
}
