import { linesOf } from "@mayfly/audit-verifier";

/** What retention has to know of a file of records; learnt by one look through it, when it is full. */
export interface SegmentFacts {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  /** The times of its first and its last record. */
  readonly from: string;
  readonly to: string;
  /** Milliseconds that have passed by its records, from the last record before it on: see MAX_STEP_MS. */
  readonly elapsed: number;
  /** Records before it that its own refer to. */
  readonly refs: readonly number[];
  /** Its records that outlast it, whatever refers to them. */
  readonly lasting: readonly number[];
  /** Of these, what places and lifts holds, as it stands. */
  readonly holds: readonly string[];
}

/**
 * A gap between two records counts as a day at most. A clock that was set ahead by years for a moment brings nothing
 * forward by more than that; a gateway that was switched off for a month keeps everything a month longer.
 */
export const MAX_STEP_MS = 86_400_000;

/** Kept when their file is dropped: keys, drops and holds are asked for as long as the log lives. */
const LASTING: ReadonlySet<string> = new Set([
  "log.key_rotated",
  "log.segment_dropped",
  "log.hold_placed",
  "log.hold_lifted",
  "log.listed",
  "log.retired",
  "log.returned",
]);

/** The end of a line: lines.ts writes the members in their order, and nothing that an agent chose comes so late. */
const END =
  /(?:"repeats":(\d+)\})?,"seq":\d+,(?:"session":(?:(\d+)|"[^"]*"),)?"time":"([^"]+)","type":"([^"]+)"\}$/;

/**
 * Looks through a file of records.
 * @param before the time of the last record before it; undefined for the first file
 * @param until bytes of it that belong to the log
 */
export function factsOfSegment(
  path: string,
  first: number,
  before: string | undefined,
  until: number = Infinity,
): SegmentFacts {
  const refs = new Set<number>();
  const lasting: number[] = [];
  const holds: string[] = [];
  let [count, bytes, elapsed] = [0, 0, 0];
  let [from, to] = ["", ""];
  let last = before === undefined ? undefined : Date.parse(before);
  for (const line of linesOf(path, until)) {
    const text = line.bytes.toString("latin1");
    const [, repeats, session, time = "", type = ""] = END.exec(text) ?? [];
    if (!line.ended || type === "") throw new Error(`line ${line.number} is no record`);
    for (const ref of [repeats, session]) if (ref !== undefined && Number(ref) < first) refs.add(Number(ref));
    if (LASTING.has(type)) {
      lasting.push(first + count);
      if (type.startsWith("log.hold_")) holds.push(line.bytes.toString("utf8"));
    }
    const at = Date.parse(time);
    elapsed += Math.min(Math.max(at - (last ?? at), 0), MAX_STEP_MS);
    last = at;
    if (count === 0) from = time;
    to = time;
    count += 1;
    bytes += line.bytes.length + 1;
  }
  return { first, count, bytes, from, to, elapsed, refs: [...refs], lasting, holds };
}
