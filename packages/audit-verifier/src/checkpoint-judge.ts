import { dirname } from "node:path";
import { openCheckpoint, trimNote, type Checkpoint } from "./checkpoint.ts";
import { checkpointEntries, checkpointsFile, verifierKeysFile } from "./folder.ts";
import type { RecordLine } from "./line.ts";
import { isVouched } from "./key-rotation.ts";
import { emptyTree, rootOf, type TreeEdge } from "./merkle.ts";
import { parseNote, parseVerifierKey, type VerifierKey } from "./note.ts";
import { parseWitnessKey, cosignaturesOf } from "./cosignature.ts";
import { OUTSIDE_SUFFIX, type OutsideNote } from "./outside.ts";
import type { Cosigned, Problem } from "./report.ts";

type Place = { readonly file: string; readonly line: number } | undefined;

/** A checkpoint that waits for the tree to reach its size. */
interface Waiting {
  readonly note: string;
  readonly size: number;
  readonly file: string;
  readonly line: number;
  readonly witnessed: boolean;
}

/** Compares the tree with the checkpoints while it grows. */
export interface CheckpointJudge {
  /**
   * The tree has grown by a record, which stands at `place`.
   * @param from its size before, where it has grown by a whole file that was dropped
   */
  at(tree: TreeEdge, place: Place, from?: number): void;
  /** Looks whether the record announces a key. */
  announced(record: RecordLine, place: Place): void;
  /** The tree grows no more. */
  end(size: number): void;
  /** The size of the highest checkpoint that still waits, or of the last one passed. */
  highest(): number;
  count(): number;
  newest(): Checkpoint | undefined;
  /** How many checkpoints kept outside could not be compared. */
  uncompared(): number;
  /** What the witnesses cosigned of what the log contains, the newest of each. */
  cosigned(): readonly Cosigned[];
}

/**
 * Judges every checkpoint of the log, and those kept outside, when the tree reaches their size. A key is trusted
 * when it was given, or when a record announced it and a checkpoint that covers that record is signed by a
 * trusted key and by the new one.
 */
export function checkpointJudge(
  folder: string,
  keys: readonly string[],
  until: number,
  witnessed: readonly OutsideNote[],
  report: (problem: Problem) => void,
  remark: (note: Problem) => void,
  witnesses: readonly string[] = [],
): CheckpointJudge {
  const trusted: VerifierKey[] = keys.map(parseVerifierKey);
  if (trusted.length === 0) throw new Error(`no verifier key was given; ${verifierKeysFile} holds it`);
  const origin = trusted[0]?.name;
  let candidates: VerifierKey[] = [];
  const outside = comparable(witnessed, report, remark)
    .flatMap(({ note, from }) => waiting({ note: trimNote(note), ...placeOf(from), witnessed: true }, report))
    .toSorted((a, b) => a.size - b.size);
  /** The first of them that the tree has not reached. */
  let reached = 0;
  const cosigners = [...new Map(witnesses.map(parseWitnessKey).map((key) => [key.text, key])).values()];
  const own = cosigners.find((witness) => trusted.some((key) => isSameKey(key, witness)));
  if (own !== undefined) throw new Error(ownKey(own));
  const cosigned = new Map<VerifierKey, Cosigned>();
  const entries = checkpointEntries(folder, until);
  let last = 0;
  let next = pull();
  let count = 0;
  let newest: Checkpoint | undefined;
  let good: Place;
  let broken = 0;
  let uncompared = 0;

  function pull(): Waiting | undefined {
    for (;;) {
      const entry = entries.next();
      if (entry.done === true) return undefined;
      const { note, line, ended } = entry.value;
      const file = checkpointsFile;
      // A checkpoint cut short by a crash is no checkpoint yet; the start cuts it.
      if (!ended) {
        remark({
          file,
          line,
          message: "the last checkpoint is not finished: it is being written, or was cut short",
        });
        continue;
      }
      const found = waiting({ note, file, line, witnessed: false }, report)[0];
      if (found === undefined) continue;
      if (found.size < last)
        report({
          file,
          line,
          message: `the checkpoint is of ${found.size} records; the one before it was of ${last}`,
        });
      else last = found.size;
      return found;
    }
  }

  /** @returns the checkpoint, when a trusted key has signed it */
  function checkSignature(found: Waiting): Checkpoint | undefined {
    const here = { file: found.file, line: found.line };
    let checkpoint: Checkpoint;
    try {
      checkpoint = openCheckpoint(found.note, [...trusted, ...candidates]);
    } catch (error) {
      report({ ...here, message: (error as Error).message });
      return undefined;
    }
    const { signers } = checkpoint;
    if (!signers.some((key) => trusted.includes(key))) {
      report({
        ...here,
        message: "the checkpoint is signed only by a key that no trusted key has signed for",
      });
      return undefined;
    }
    if (checkpoint.origin !== origin) {
      report({ ...here, message: `the checkpoint is of the log ${checkpoint.origin}, not of ${origin}` });
      return undefined;
    }
    return checkpoint;
  }

  function check(found: Waiting, tree: TreeEdge, place: Place): void {
    const checkpoint = checkSignature(found);
    if (checkpoint === undefined) return;
    const here = { file: found.file, line: found.line };
    const { signers } = checkpoint;
    if (!rootOf(tree).equals(checkpoint.root)) {
      broken += 1;
      if (broken === 1 || found.witnessed) report({ ...here, message: mismatch(found, good, place) });
      return;
    }
    good = place;
    trusted.push(...signers.filter((key) => candidates.includes(key)));
    candidates = candidates.filter((key) => !trusted.includes(key));
    if (found.witnessed) takeCosignatures(found);
    else {
      count += 1;
      newest = checkpoint;
    }
  }

  /** What stands at a size is compared before what is larger, so that the newest of each witness comes last. */
  function takeCosignatures({ note, size, file, line }: Waiting): void {
    if (cosigners.length === 0) return;
    try {
      for (const { witness, time } of cosignaturesOf(parseNote(note), cosigners))
        cosigned.set(witness, {
          witness: witness.name,
          records: size,
          time: new Date(time * 1000).toISOString(),
        });
    } catch (error) {
      report({ file, line, message: (error as Error).message });
    }
  }

  return {
    at(tree, place, from = tree.size) {
      while (next !== undefined && next.size <= tree.size) {
        // One that is out of order was reported when it was read; the tree of its size is gone.
        if (next.size === tree.size) check(next, tree, place);
        else if (next.size > from) checkSignature(next);
        next = pull();
      }
      for (
        let found = outside[reached];
        found !== undefined && found.size <= tree.size;
        found = outside[reached]
      ) {
        reached += 1;
        if (found.size === tree.size) check(found, tree, place);
        // An empty log is judged whenever the tree is seen first.
        else if (found.size === 0) check(found, emptyTree(), undefined);
        else if (found.size > from && checkSignature(found) !== undefined) {
          uncompared += 1;
          if (uncompared <= MAX_REMARKS)
            remark({ file: found.file, line: found.line, message: insideDropped(found) });
        }
      }
    },
    announced(record, place) {
      if (record.type !== "log.key_rotated") return;
      const { key, note } = (record.detail ?? {}) as { readonly key?: unknown; readonly note?: unknown };
      try {
        const next = parseVerifierKey(String(key));
        if (typeof note !== "string") candidates.push(next);
        else if (isVouched(next, note, trusted)) trusted.push(next);
        else throw new Error("the new key is not signed for by a key that is trusted");
      } catch (error) {
        report({ file: place?.file ?? "", message: (error as Error).message });
      }
    },
    end(size) {
      for (let rest = next; rest !== undefined; rest = pull()) report(beyond(rest, size));
      const largest = outside.at(-1);
      if (largest !== undefined && largest.size > size) report(beyond(largest, size));
      for (const cosigner of cosigners)
        if ([...trusted, ...candidates].some((key) => isSameKey(key, cosigner)))
          report({ file: witnessed[0]?.from ?? checkpointsFile, message: ownKey(cosigner) });
        else if (!cosigned.has(cosigner))
          report(notCosigned(cosigner, witnessed[0]?.from ?? checkpointsFile));
    },
    highest: () => next?.size ?? last,
    count: () => count,
    newest: () => newest,
    uncompared: () => uncompared,
    cosigned: () => [...cosigned.values()],
  };
}

/** How many checkpoints inside dropped files are named one by one, and how many files of another name. */
const MAX_REMARKS = 10;

/** What can be compared with the log. What cannot is said: it may have been the newest checkpoint. */
function comparable(
  witnessed: readonly OutsideNote[],
  report: (problem: Problem) => void,
  remark: (note: Problem) => void,
): readonly OutsideNote[] {
  let others = 0;
  for (const { from, flaw } of witnessed) {
    if (flaw === "unread")
      report({
        ...placeOf(from),
        message: "this is no checkpoint, and was compared with nothing",
        hint: "it may have been one: its lines end otherwise, or hold something more; compare with a copy kept elsewhere",
      });
    else if (flaw === "cut short")
      remark({
        ...placeOf(from),
        message: "a checkpoint was cut short here, by a crash while it was written",
      });
    else if (flaw === "other name") {
      others += 1;
      if (others <= MAX_REMARKS)
        remark({ file: from, message: `its name does not end in ${OUTSIDE_SUFFIX}: it was not read` });
    }
  }
  const first = witnessed.find(({ flaw }) => flaw === "other name");
  if (first !== undefined && others > MAX_REMARKS)
    remark({ file: dirname(first.from), message: `${others} files of other names were not read` });
  return witnessed.filter(({ flaw }) => flaw === undefined);
}

/** `file:line`, where a file holds several. */
function placeOf(from: string): { readonly file: string; readonly line: number } {
  const match = /^(.*):(\d+)$/.exec(from);
  return match?.[1] === undefined ? { file: from, line: 1 } : { file: match[1], line: Number(match[2]) };
}

/** Whatever they are used for. */
function isSameKey(one: VerifierKey, other: VerifierKey): boolean {
  return Buffer.from(one.publicKey).equals(other.publicKey);
}

/** A witness says what whoever holds the log's key cannot say alone. */
function ownKey({ name, id }: VerifierKey): string {
  return `${name}+${id} is the log's own key, and no witness's`;
}

function notCosigned({ name, id }: VerifierKey, file: string): Problem {
  return {
    file,
    message: `no checkpoint that was given and that the log contains is cosigned by the witness ${name}+${id}`,
    hint: "give --checkpoint the file in which mayflyd keeps what this witness cosigned",
  };
}

/** The size a note claims, nothing verified yet. */
function waiting(
  entry: { note: string; file: string; line: number; witnessed: boolean },
  report: (problem: Problem) => void,
): readonly Waiting[] {
  const size = /^[^\n]*\n(0|[1-9]\d{0,15})\n/.exec(entry.note)?.[1];
  if (size !== undefined) return [{ ...entry, size: Number(size) }];
  report({ file: entry.file, line: entry.line, message: "not a checkpoint: the size is not a number" });
  return [];
}

function mismatch(found: Waiting, good: Place, place: Place): string {
  const from = good === undefined ? "the first record" : `${good.file}:${good.line}`;
  const to = place === undefined ? "the start" : `${place.file}:${place.line}`;
  const what = found.witnessed ? "the checkpoint kept outside" : "the checkpoint";
  return `the records do not match ${what} of ${found.size} records: one was altered, swapped, added or removed between ${from} and ${to}`;
}

function insideDropped(found: Waiting): string {
  return `the checkpoint kept outside is of ${found.size} records, inside a file that was archived and dropped: with the archive it can be compared (--archive)`;
}

function beyond(found: Waiting, size: number): Problem {
  const what = found.witnessed ? "the checkpoint kept outside" : "this checkpoint";
  return {
    file: found.file,
    line: found.line,
    message: `the log holds ${size} records, fewer than the ${found.size} of ${what}: it shrank`,
    hint: "records were removed, or an older copy was put back; restore the newest copy",
  };
}
