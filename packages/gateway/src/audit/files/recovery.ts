import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import {
  addLeaf,
  checkPayload,
  checkpointsFile,
  emptyTree,
  leafHash,
  linesOf,
  openCheckpoint,
  parseRecordLine,
  parseVerifierKey,
  payloadMark,
  payloadReferences,
  rootOf,
  segmentsOf,
  subtreesOf,
  type Checkpoint,
  type Line,
  type Segment,
  type TreeEdge,
} from "@mayfly/audit-verifier";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { addDropped } from "../retention/add-dropped.ts";
import { treeFile, type TreeState } from "../tree/checkpoints.ts";
import { textOfTree, treeOfText } from "../tree/worker.ts";

/** Something cut from the end of the log because a crash had left it unfinished. */
export interface Cut {
  readonly file: string;
  readonly line?: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A log as it was found. */
export interface Recovered {
  /** The tree over every record. */
  readonly state: TreeState;
  readonly checkpoint: Checkpoint | undefined;
  readonly cuts: readonly Cut[];
}

/** A log that must not be written to. */
export function refuse(place: string, message: string): MayflyError {
  return new MayflyError("log_broken", `${place}: ${message}`, {
    status: 500,
    hint: "the log is not opened, so that nothing is lost; `mayfly audit verify` on its folder lists everything that does not verify. Put back the newest whole copy, or keep this folder as it is and start a new log in another",
  });
}

/**
 * Finds the end of a log after its last writer ended, however that was. What a crash left unfinished at the very
 * end, behind the last checkpoint, is cut; anything else that does not verify is refused. Records that the kept
 * state of the tree covers are not read here: their hashes are proved by the last checkpoint's root; the files
 * themselves are verified by the caller.
 * @throws MayflyError `log_broken`, naming file and line
 */
export function recover(folder: string, keys: readonly string[]): Recovered {
  const { checkpoint, cut } = lastCheckpoint(folder, keys);
  const segments = segmentsOf(folder);
  const kept = readState(folder, segments, checkpoint);
  const found =
    (kept === undefined ? undefined : scan(folder, segments, kept, checkpoint)) ??
    scan(folder, segments, undefined, checkpoint);
  if (found === undefined)
    throw refuse(
      checkpointsFile,
      `the records do not match the last checkpoint, of ${checkpoint?.size} records`,
    );
  return { ...found, checkpoint, cuts: [...found.cuts, ...(cut === undefined ? [] : [cut])] };
}

/**
 * Reads on from a kept state, or from the start.
 * @returns undefined when the root is not the last checkpoint's
 */
function scan(
  folder: string,
  segments: readonly Segment[],
  kept: TreeState | undefined,
  checkpoint: Checkpoint | undefined,
): Pick<Recovered, "state" | "cuts"> | undefined {
  const tree = kept === undefined ? emptyTree() : treeOfText(kept.tree);
  const covered = checkpoint?.size ?? 0;
  if (tree.size === covered && checkpoint !== undefined && !rootOf(tree).equals(checkpoint.root))
    return undefined;
  const cuts: Cut[] = [];
  let end = { file: kept?.file ?? segments[0]?.file ?? "", offset: kept?.offset ?? 0 };
  const start = kept === undefined ? 0 : segments.findIndex(({ file }) => file === kept.file);
  for (const [index, segment] of segments.entries()) {
    if (index < start) continue;
    const from = index === start && kept !== undefined ? kept.offset : 0;
    if (from === 0) addDropped(folder, tree, segment.first, refuse);
    if (from === 0 && segment.first !== tree.size)
      throw refuse(
        segment.file,
        `expected a file that starts at record ${tree.size}: records are missing before it`,
      );
    end = { file: segment.file, offset: from };
    for (const line of linesOf(join(folder, segment.file), Infinity, from)) {
      const isLast = index === segments.length - 1 && tree.size >= covered;
      const torn = readLine(folder, segment, from, line, tree, isLast);
      if (torn !== undefined) {
        cuts.push(torn);
        truncateSync(join(folder, segment.file), line.offset);
        break;
      }
      end.offset = line.offset + line.bytes.length + 1;
      if (tree.size === covered && checkpoint !== undefined && !rootOf(tree).equals(checkpoint.root))
        return undefined;
    }
  }
  if (tree.size < covered)
    throw refuse(
      end.file === "" ? "records" : end.file,
      `the log holds ${tree.size} records, fewer than the ${covered} of its last checkpoint: it shrank`,
    );
  return { state: { tree: textOfTree(tree), ...end }, cuts };
}

/** Adds a line to the tree. @returns what to cut when it is a torn last line */
function readLine(
  folder: string,
  segment: Segment,
  from: number,
  line: Line,
  tree: TreeEdge,
  mayBeTorn: boolean,
): Cut | undefined {
  const number = (): number => line.number + linesBefore(folder, segment, from);
  const tornAway = (): Cut => ({
    file: segment.file,
    line: number(),
    bytes: line.bytes.length + (line.ended ? 1 : 0),
    digest: digest(line.bytes),
  });
  if (!line.ended) {
    if (mayBeTorn) return tornAway();
    throw refuse(`${segment.file}:${number()}`, "the line has no end");
  }
  let record: ReturnType<typeof parseRecordLine>;
  try {
    record = parseRecordLine(line.bytes);
  } catch (error) {
    const isEnd = line.offset + line.bytes.length + 1 === statSync(join(folder, segment.file)).size;
    if (mayBeTorn && isEnd && !isJson(line.bytes)) return tornAway();
    throw refuse(`${segment.file}:${number()}`, messageOf(error));
  }
  if (record.seq !== tree.size)
    throw refuse(`${segment.file}:${number()}`, `expected record ${tree.size}, found record ${record.seq}`);
  if (mayBeTorn && record.text.includes(payloadMark)) dropTornPayloads(folder, record.detail);
  addLeaf(tree, leafHash(line.bytes));
  return undefined;
}

/** A payload that a power cut left half written is dropped: it then reads as gone, which is what it is. */
function dropTornPayloads(folder: string, detail: unknown): void {
  for (const reference of payloadReferences(detail)) {
    const path = join(folder, "payloads", reference.payload.slice(7, 9), reference.payload.slice(9));
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined && size < reference.bytes && checkPayload(folder, reference) === "tampered")
      rmSync(path);
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    return JSON.parse(bytes.toString("utf8")) !== undefined;
  } catch {
    return false;
  }
}

function linesBefore(folder: string, segment: Segment, offset: number): number {
  let count = 0;
  if (offset > 0) for (const _ of linesOf(join(folder, segment.file), offset)) count += 1;
  return count;
}

function digest(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The kept state, unless it cannot be of this log; what is wrong with it then shows when all is read. */
function readState(
  folder: string,
  segments: readonly Segment[],
  checkpoint: Checkpoint | undefined,
): TreeState | undefined {
  const path = join(folder, treeFile);
  if (!existsSync(path) || checkpoint === undefined) return undefined;
  try {
    const state = JSON.parse(readFileSync(path, "utf8")) as TreeState;
    const { size, roots } = state.tree;
    const edge = treeOfText(state.tree);
    const at = segments.findIndex(({ file }) => file === state.file);
    const fits =
      Number.isSafeInteger(size) &&
      size <= checkpoint.size &&
      roots.length === subtreesOf(size) &&
      edge.roots.every((root) => root.length === 32) &&
      at >= 0 &&
      Number.isSafeInteger(state.offset) &&
      endsLine(join(folder, state.file), state.offset);
    return fits ? state : undefined;
  } catch {
    return undefined;
  }
}

function endsLine(path: string, offset: number): boolean {
  return offset === 0 || readRange(path, offset - 1, offset)[0] === 10;
}

function readRange(path: string, from: number, to: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(to - from);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}

/** An entry takes a few hundred bytes; the last one is looked for in this many. */
const lookBack = 16_384;
const dash = Buffer.from("— ");

/** The last whole entry of the checkpoints' file, verified. What a crash left behind it is cut. */
function lastCheckpoint(
  folder: string,
  keys: readonly string[],
): { checkpoint: Checkpoint | undefined; cut: Cut | undefined } {
  const path = join(folder, checkpointsFile);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return { checkpoint: undefined, cut: undefined };
  const tail = readRange(path, Math.max(0, size - lookBack), size);
  const found = lastEntry(tail);
  if (found === undefined && size > 1024) throw refuse(checkpointsFile, "it holds no checkpoint");
  const rest = tail.subarray(found?.end ?? 0);
  let cut: Cut | undefined;
  if (rest.length > 0) {
    cut = { file: checkpointsFile, bytes: rest.length, digest: digest(rest) };
    truncateSync(path, size - rest.length);
  }
  if (found === undefined) return { checkpoint: undefined, cut };
  try {
    const note = tail.toString("utf8", found.start, found.end - 1);
    return { checkpoint: openCheckpoint(note, keys.map(parseVerifierKey)), cut };
  } catch (error) {
    let line = 1;
    for (const _ of linesOf(path, size - tail.length + found.start)) line += 1;
    throw refuse(`${checkpointsFile}:${line}`, messageOf(error));
  }
}

/** An entry ends with a signature line and an empty line; it starts where the one before it ended. */
function lastEntry(bytes: Buffer): { start: number; end: number } | undefined {
  const end = entryEnd(bytes, bytes.length);
  if (end === undefined) return undefined;
  return { start: entryEnd(bytes, end - 2) ?? 0, end };
}

function entryEnd(bytes: Buffer, before: number): number | undefined {
  for (let at = before; at > 0;) {
    const gap = bytes.subarray(0, at).lastIndexOf("\n\n");
    if (gap < 0) return undefined;
    const line = gap === 0 ? 0 : bytes.lastIndexOf(10, gap - 1) + 1;
    if (bytes.subarray(line, line + dash.length).equals(dash)) return gap + 2;
    at = gap + 1;
  }
  return undefined;
}
