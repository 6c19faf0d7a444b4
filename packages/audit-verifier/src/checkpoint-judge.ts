import { openCheckpoint, trimNote, type Checkpoint } from "./checkpoint.ts";
import { checkpointEntries, checkpointsFile, verifierKeysFile } from "./folder.ts";
import type { RecordLine } from "./line.ts";
import { rootOf, type TreeEdge } from "./merkle.ts";
import { parseVerifierKey, type VerifierKey } from "./note.ts";
import type { Problem } from "./report.ts";

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
  /** The tree has grown by a record, which stands at `place`. */
  at(tree: TreeEdge, place: Place): void;
  /** Looks whether the record announces a key. */
  announced(record: RecordLine, place: Place): void;
  /** The tree grows no more. */
  end(size: number): void;
  /** The size of the highest checkpoint that still waits, or of the last one passed. */
  highest(): number;
  count(): number;
  newest(): Checkpoint | undefined;
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
  witnessed: readonly { readonly note: string; readonly from: string }[],
  report: (problem: Problem) => void,
  remark: (note: Problem) => void,
): CheckpointJudge {
  const trusted: VerifierKey[] = keys.map(parseVerifierKey);
  if (trusted.length === 0) throw new Error(`no verifier key was given; ${verifierKeysFile} holds it`);
  const origin = trusted[0]?.name;
  let candidates: VerifierKey[] = [];
  const outside = witnessed.flatMap(({ note, from }) =>
    waiting({ note: trimNote(note), file: from, line: 1, witnessed: true }, report),
  );
  const entries = checkpointEntries(folder, until);
  let last = 0;
  let next = pull();
  let count = 0;
  let newest: Checkpoint | undefined;
  let good: Place;
  let broken = 0;

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

  function check(found: Waiting, tree: TreeEdge, place: Place): void {
    const here = { file: found.file, line: found.line };
    let checkpoint: Checkpoint;
    try {
      checkpoint = openCheckpoint(found.note, [...trusted, ...candidates]);
    } catch (error) {
      report({ ...here, message: (error as Error).message });
      return;
    }
    const { signers } = checkpoint;
    if (!signers.some((key) => trusted.includes(key))) {
      report({
        ...here,
        message: "the checkpoint is signed only by a key that no trusted key has signed for",
      });
      return;
    }
    if (checkpoint.origin !== origin) {
      report({ ...here, message: `the checkpoint is of the log ${checkpoint.origin}, not of ${origin}` });
      return;
    }
    if (!rootOf(tree).equals(checkpoint.root)) {
      broken += 1;
      if (broken === 1 || found.witnessed) report({ ...here, message: mismatch(found, good, place) });
      return;
    }
    good = place;
    trusted.push(...signers.filter((key) => candidates.includes(key)));
    candidates = candidates.filter((key) => !trusted.includes(key));
    if (!found.witnessed) {
      count += 1;
      newest = checkpoint;
    }
  }

  return {
    at(tree, place) {
      while (next !== undefined && next.size <= tree.size) {
        // One that is out of order was reported when it was read; the tree of its size is gone.
        if (next.size === tree.size) check(next, tree, place);
        next = pull();
      }
      for (const found of outside) if (found.size === tree.size) check(found, tree, place);
    },
    announced(record, place) {
      if (record.type !== "log.key_rotated") return;
      const { key } = (record.detail ?? {}) as { readonly key?: unknown };
      try {
        candidates.push(parseVerifierKey(String(key)));
      } catch (error) {
        report({ file: place?.file ?? "", message: (error as Error).message });
      }
    },
    end(size) {
      for (let rest = next; rest !== undefined; rest = pull()) report(beyond(rest, size));
      for (const found of outside) if (found.size > size) report(beyond(found, size));
    },
    highest: () => next?.size ?? last,
    count: () => count,
    newest: () => newest,
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

function beyond(found: Waiting, size: number): Problem {
  const what = found.witnessed ? "the checkpoint kept outside" : "this checkpoint";
  return {
    file: found.file,
    line: found.line,
    message: `the log holds ${size} records, fewer than the ${found.size} of ${what}: it shrank`,
    hint: "records were removed, or an older copy was put back; restore the newest copy",
  };
}
