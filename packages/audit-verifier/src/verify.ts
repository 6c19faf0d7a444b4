import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkpointJudge } from "./checkpoint-judge.ts";
import { checkpointsFile, linesOf, segmentFile, segmentsOf, type Line, type Segment } from "./folder.ts";
import { parseRecordLine, type RecordLine } from "./line.ts";
import { addLeaf, emptyTree, leafHash } from "./merkle.ts";
import { checkPayload, payloadMark, payloadReferences } from "./payload.ts";
import { collect, collected, type Problem, type VerifyReport } from "./report.ts";

/** What else verification may be told. */
export interface VerifyOptions {
  /** Checkpoints kept outside (notes), which the log must contain. */
  readonly witnessed?: readonly { readonly note: string; readonly from: string }[];
  /** Where to stop: for a log that grows. The file of records and its bytes, and the bytes of the checkpoints. */
  readonly until?: { readonly file: string; readonly bytes: number; readonly checkpointBytes: number };
  /** Called every few thousand records. */
  readonly onProgress?: (records: number) => void;
}

/**
 * Verifies a log with nothing but its files and its public keys: every line, the tree against every checkpoint,
 * signatures, payloads, and intents without an outcome. A log may be verified while it is written. Reads the
 * files as a stream, in bounded memory; blocks its thread.
 * @param folder the log's folder, or a copy of it
 * @param keys verifier keys (C2SP signed-note) that are trusted; keys that the log announced and a trusted key
 * signed for follow by themselves
 * @throws Error when a key cannot be read or the folder holds no log
 */
export function verifyLog(
  folder: string,
  keys: readonly string[],
  options: VerifyOptions = {},
): VerifyReport {
  if (!existsSync(join(folder, "records")))
    throw new Error(`${folder} holds no audit log: it has no folder records`);
  const problems = collected<Problem>();
  const notes: Problem[] = [];
  const missing = collected<Problem & { payload: string }>();
  const seen = new Set<string>();
  const open = new Set<number>();
  let payloads = 0;
  const tree = emptyTree();
  const report = (problem: Problem): void => collect(problems, problem);
  // How far the checkpoints go is taken first: what they cover is in the record files by then.
  const checkpoints = statSync(join(folder, checkpointsFile), { throwIfNoEntry: false })?.size ?? 0;
  const until = options.until?.checkpointBytes ?? checkpoints;
  const judge = checkpointJudge(folder, keys, until, options.witnessed ?? [], report, (note) =>
    notes.push(note),
  );
  judge.at(tree, undefined);

  let shift = 0;
  let lastTime = "";
  let last: VerifyReport["last"];
  const segments = segmentsOf(folder);
  for (const [index, segment] of segments.entries()) {
    if (segment.first !== tree.size) report(gapBefore(segment, tree.size));
    const isLast = index === segments.length - 1;
    const stop = options.until?.file === segment.file ? options.until.bytes : Infinity;
    if (options.until !== undefined && segment.file > options.until.file) break;
    for (const line of linesOf(join(folder, segment.file), stop)) {
      if (!line.ended && isLast && tree.size >= judge.highest()) {
        notes.push(unfinished(segment, line));
        break;
      }
      const here = { file: segment.file, line: line.number };
      if (!line.ended) report({ ...here, message: "the line has no end", hint: restoreHint });
      const record = readLine(line, here, report);
      if (record !== undefined) {
        if (record.seq !== tree.size + shift) {
          report({ ...here, message: `expected record ${tree.size + shift}, found record ${record.seq}` });
          shift = record.seq - tree.size;
        }
        if (record.time < lastTime)
          if (notes.length < 100) notes.push({ ...here, message: "the clock was stepped back here" });
        lastTime = record.time;
        last = { seq: record.seq, time: record.time, type: record.type };
        pair(record, open);
        judge.announced(record, here);
        if (record.text.includes(payloadMark)) checkPayloads(record, here);
      }
      addLeaf(tree, leafHash(line.bytes));
      judge.at(tree, here);
      if (tree.size % 4096 === 0) options.onProgress?.(tree.size);
    }
  }
  judge.end(tree.size);

  function checkPayloads(record: RecordLine, here: { file: string; line: number }): void {
    for (const reference of payloadReferences(record.detail)) {
      if (seen.has(reference.payload)) continue;
      if (seen.size < 100_000) seen.add(reference.payload);
      const state = checkPayload(folder, reference);
      if (state === "whole") payloads += 1;
      else if (state === "missing")
        collect(missing, { ...here, payload: reference.payload, message: `${reference.payload} was erased` });
      else
        report({
          ...here,
          message: `the payload ${reference.payload} is not what the record refers to: tampered`,
        });
    }
  }

  const unknown = [...open];
  const newest = judge.newest();
  const isUnproved = tree.size > 0 && newest === undefined;
  if (isUnproved) notes.push(unproved);
  return {
    verdict: problems.count > 0 ? "broken" : missing.count > 0 || isUnproved ? "incomplete" : "whole",
    records: tree.size,
    last,
    checkpoints: judge.count(),
    checkpoint: newest?.note,
    uncovered: tree.size - Math.min(newest?.size ?? 0, tree.size),
    unknown: unknown.slice(0, 1000),
    unknownCount: unknown.length,
    payloads,
    missingPayloads: missing.items,
    missingPayloadCount: missing.count,
    problems: problems.items,
    problemCount: problems.count,
    notes,
  };
}

/** Without a signature anybody could have written the records, and the key that was given has verified nothing. */
const unproved: Problem = {
  file: checkpointsFile,
  message: "no signed checkpoint covers any record: nothing proves who wrote them",
  hint: "a log has its first checkpoint moments after its first start; compare with a copy kept elsewhere",
};

export const restoreHint =
  "compare with a copy of the log kept elsewhere; never repair the file by hand, or it stays unverifiable";

function readLine(
  line: Line,
  here: { file: string; line: number },
  report: (problem: Problem) => void,
): RecordLine | undefined {
  try {
    return parseRecordLine(line.bytes);
  } catch (error) {
    report({ ...here, message: (error as Error).message, hint: restoreHint });
    return undefined;
  }
}

/** An intent waits for its outcome, which names it. */
function pair(record: RecordLine, open: Set<number>): void {
  if (record.type === "act.intent") open.add(record.seq);
  else if (record.type === "act.outcome") {
    const { intent } = (record.detail ?? {}) as { readonly intent?: unknown };
    if (typeof intent === "number") open.delete(intent);
  }
}

function gapBefore(segment: Segment, expected: number): Problem {
  return {
    file: segment.file,
    message:
      segment.first > expected
        ? `records ${expected} to ${segment.first - 1} are missing: expected ${segmentFile(expected)} or more lines before this file`
        : `the file should start at record ${expected}`,
    hint: restoreHint,
  };
}

function unfinished(segment: Segment, line: Line): Problem {
  return {
    file: segment.file,
    line: line.number,
    message:
      "the last line is not finished: it is being written, or the writer was killed in the middle of it",
  };
}
