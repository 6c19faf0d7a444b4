import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkpointJudge } from "./checkpoint-judge.ts";
import { droppedJudge } from "./dropped-judge.ts";
import { checkpointsFile, linesOf, segmentFile, unpack, type Line, type Segment } from "./folder.ts";
import { parseRecordLine, type RecordLine } from "./line.ts";
import { addLeaf, emptyTree, leafHash } from "./merkle.ts";
import type { OutsideNote } from "./outside.ts";
import { archivedFile, inArchive, partsOf } from "./parts.ts";
import { checkPayload, payloadMark, payloadReferences } from "./payload.ts";
import { addSubtree, nodesOf } from "./ranges.ts";
import { sessionJudge } from "./sessions.ts";
import { collect, collected, type Problem, type VerifyReport } from "./report.ts";
import { parseStub, restFile, type Stub } from "./stub.ts";

/** What else verification may be told. */
export interface VerifyOptions {
  /** Checkpoints kept outside (notes), which the log must contain. */
  readonly witnessed?: readonly OutsideNote[];
  /** Keys of witnesses (C2SP tlog-cosignature): each must have cosigned one of `witnessed` that the log contains. */
  readonly witnesses?: readonly string[];
  /** Where to stop: for a log that grows. The file of records and its bytes, and the bytes of the checkpoints. */
  readonly until?: { readonly file: string; readonly bytes: number; readonly checkpointBytes: number };
  /** The folder of the log's archive: what was dropped is read there. */
  readonly archive?: string;
  /** The folder is a log's archive: it proves what it holds, and nothing of what the log holds behind that. */
  readonly asArchive?: boolean;
  /** Only up to `until` is asked about: no record behind it is missed, nor a checkpoint of more. */
  readonly isBeginning?: boolean;
  /** Called every few thousand records. */
  readonly onProgress?: (records: number) => void;
}

/**
 * Verifies a log with nothing but its files and its public keys: every line, the tree against every checkpoint,
 * signatures, payloads, the sessions of acts, and intents without an outcome. A log may be verified while it is written. Reads the
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
  const sessions = sessionJudge();
  let payloads = 0;
  const tree = emptyTree();
  const report = (problem: Problem): void => collect(problems, problem);
  // How far the checkpoints go is taken first: what they cover is in the record files by then.
  const checkpoints = statSync(join(folder, checkpointsFile), { throwIfNoEntry: false })?.size ?? 0;
  const until = options.until?.checkpointBytes ?? checkpoints;
  const judge = checkpointJudge(
    folder,
    keys,
    until,
    options.witnessed ?? [],
    report,
    (note) => notes.push(note),
    options.witnesses,
  );
  judge.at(tree, undefined);

  let shift = 0;
  let lastTime = "";
  let last: VerifyReport["last"];
  let dropped = 0;
  let archived = 0;
  /** Records of files that stay in the log, in whose place an archive holds hashes alone. */
  let left = 0;
  const gone = droppedJudge();
  const parts = partsOf(folder);
  for (const [index, part] of parts.entries()) {
    if (options.until !== undefined && part.kind === "records" && part.file > options.until.file) break;
    if (part.kind === "unreadable") {
      report({ file: part.file, message: part.error, hint: restoreHint });
      continue;
    }
    if (part.first !== tree.size) {
      report(gapBefore(part, tree.size));
      sessions.missing(part.first);
    }
    if (part.kind === "records")
      readFile(part, join(folder, part.file), index === parts.length - 1, part.stub);
    else {
      gone.gone(part.file, part.stub);
      if (part.stub.kept === true) leftBehind(part);
      const path = inArchive(options.archive, part.first);
      if (options.archive !== undefined && path === undefined) report(notArchived(part.first));
      if (path === undefined || !readArchived(part, path)) passOver(part.stub, part.file);
    }
  }
  const records = tree.size;
  readRest();
  if (options.isBeginning !== true) {
    gone.end(report, judge.newest()?.size ?? 0);
    judge.end(tree.size);
  }

  /** @param stub what the file must be, where it was dropped, or is to be */
  function readFile(segment: Segment, path: string, isLast: boolean, stub?: Stub): void {
    const stop = options.until?.file === segment.file ? options.until.bytes : Infinity;
    const hash = stub === undefined ? undefined : createHash("sha256");
    for (const line of linesOf(path, stop, 0, (bytes) => hash?.update(bytes))) {
      if (!line.ended && isLast && tree.size >= judge.highest()) {
        notes.push(unfinished(segment, line));
        break;
      }
      readOne(line, { file: segment.file, line: line.number });
    }
    if (stub !== undefined && hash?.digest("hex") !== stub.sha256)
      report({
        file: segment.file,
        message: `this is not the file that was archived and dropped (its SHA-256 was ${stub.sha256}): it was altered`,
        hint: "take it away again; what was dropped is in the archive",
      });
  }

  function readOne(line: Line, here: { file: string; line: number }): void {
    if (!line.ended) report({ ...here, message: "the line has no end", hint: restoreHint });
    const record = readLine(line, here, report);
    if (record === undefined) sessions.missing(tree.size + shift + 1);
    else {
      if (record.seq !== tree.size + shift) {
        report({ ...here, message: `expected record ${tree.size + shift}, found record ${record.seq}` });
        shift = record.seq - tree.size;
        sessions.missing(record.seq);
      }
      if (record.time < lastTime)
        if (notes.length < 100) notes.push({ ...here, message: "the clock was stepped back here" });
      lastTime = record.time;
      last = { seq: record.seq, time: record.time, type: record.type };
      pair(record, open);
      const stray = sessions.judge(record);
      if (stray !== undefined) report({ ...here, message: stray, hint: restoreHint });
      judge.announced(record, here);
      gone.record(record);
      if (record.text.includes(payloadMark)) checkPayloads(record, here);
    }
    addLeaf(tree, leafHash(line.bytes));
    judge.at(tree, here);
    if (tree.size % 4096 === 0) options.onProgress?.(tree.size);
  }

  /** @returns whether it could be read; what is wrong with what was read is reported */
  function readArchived({ first, stub }: { first: number; stub: Stub }, path: string): boolean {
    const file = `${options.archive}/${archivedFile(first)}`;
    try {
      // Unpacked once ahead, so that a damaged file adds nothing to the tree.
      if (createHash("sha256").update(unpack(path)).digest("hex") === stub.sha256) {
        readFile({ first, file }, path, false);
        archived += stub.count;
        return true;
      }
      report({
        file,
        message: "this is not what was dropped from the log: it was altered, or is another log's",
      });
    } catch (error) {
      report({ file, message: `it cannot be unpacked: ${(error as Error).message}` });
    }
    return false;
  }

  function passOver(stub: Stub, file: string): void {
    const from = tree.size;
    sessions.missing(stub.first + stub.count);
    for (const { line } of stub.carried) {
      const record = readLine({ bytes: Buffer.from(line) }, { file, line: 1 }, report);
      if (record === undefined) continue;
      judge.announced(record, { file, line: 1 });
      gone.record(record);
      if (record.type === "session.opened") sessions.judge(record);
    }
    addNodes(stub);
    dropped += stub.count;
    lastTime = stub.to;
    judge.at(tree, { file, line: 1 }, from);
  }

  function addNodes(stub: Stub): void {
    // Where records are missing before it, its place in the tree is not its own; that was reported.
    if (tree.size !== stub.first) return;
    for (const [at, { width }] of nodesOf(stub.first, stub.count).entries())
      addSubtree(tree, width, stub.roots[at] as Buffer);
  }

  /** What an archive knows of the records behind its own: enough for its newest checkpoint. */
  function readRest(): void {
    const path = join(folder, restFile);
    if (!existsSync(path)) return;
    if (options.asArchive !== true) {
      report(archivesOwn(restFile));
      return;
    }
    try {
      const rest = parseStub(readFileSync(path, "utf8"));
      const from = tree.size;
      if (rest.first !== from)
        throw new Error(`it goes on from record ${rest.first}, the records end before ${from}`);
      addNodes(rest);
      judge.at(tree, { file: restFile, line: 1 }, from);
    } catch (error) {
      report({ file: restFile, message: (error as Error).message, hint: restoreHint });
    }
  }

  /** An archive holds hashes alone of what stays in the log; a log holds what it says it holds. */
  function leftBehind({ file, stub }: { file: string; stub: Stub }): void {
    if (options.asArchive === true) left += stub.count;
    else report(archivesOwn(file));
  }

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
  const isUnproved = records > 0 && newest === undefined;
  if (isUnproved) notes.push(unproved);
  if (options.asArchive === true) notes.push(provesItself(records, left));
  const isIncomplete = missing.count > 0 || isUnproved || left > 0 || judge.uncompared() > 0;
  return {
    verdict: problems.count > 0 ? "broken" : isIncomplete ? "incomplete" : "whole",
    records,
    dropped,
    archived,
    last,
    checkpoints: judge.count(),
    checkpoint: newest?.note,
    cosigned: judge.cosigned(),
    uncovered: records - Math.min(newest?.size ?? 0, records),
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

function archivesOwn(file: string): Problem {
  return {
    file,
    message:
      "this stands for records that are not here; a log holds them, or says in a record that they were dropped",
    hint: "records were removed, or this is a log's archive: then verify it with --as-archive",
  };
}

function notArchived(first: number): Problem {
  return {
    file: archivedFile(first),
    message: "the archive does not hold this file, which was dropped from the log",
    hint: "give --archive the whole archive; if it is, the file was removed from it",
  };
}

function provesItself(records: number, left: number): Problem {
  const but = left === 0 ? "" : `, but for ${left} that stay in the log`;
  return {
    file: "records",
    message: `an archive proves what it holds, records 0 to ${records - 1}${but}, and nothing behind it`,
  };
}

export const restoreHint =
  "compare with a copy of the log kept elsewhere; never repair the file by hand, or it stays unverifiable";

function readLine(
  line: Pick<Line, "bytes">,
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

function gapBefore(segment: Pick<Segment, "first" | "file">, expected: number): Problem {
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
