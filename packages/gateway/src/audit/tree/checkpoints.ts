import { writeFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { checkpointsFile, makeCheckpoint } from "@mayfly/audit-verifier";
import type { Custody } from "../files/custody.ts";
import { writeWhole, type LogFiles } from "../files/files.ts";
import type { LogKeys } from "../keys.ts";
import type { Range, Tail, Written } from "../files/tail.ts";
import type { GrownTree, TreeGrower } from "./tree.ts";
import type { TreeText } from "./worker.ts";

/** Where hashing has got to. It is a cache: the next start proves it against the last checkpoint, or drops it. */
export interface TreeState {
  readonly tree: TreeText;
  /** The file and offset that the tree's last record ends at. */
  readonly file: string;
  readonly offset: number;
}

/** The tree state's file, relative to the log's folder. */
export const treeFile = "tree.json";

/** Signs the head of the log. */
export interface Checkpointer {
  /** Signs a checkpoint of all that is written, unless the newest one covers it. Concurrent calls queue up. */
  readonly run: () => Promise<void>;
  /** Signs one checkpoint with the key so far and the next one, and goes on with the next one. */
  readonly rotate: (next: LogKeys) => Promise<void>;
  /** The newest checkpoint. */
  readonly newest: () => string | undefined;
  /** Bytes of the checkpoints' file that belong to the log. */
  readonly bytes: () => number;
  close(): Promise<void>;
}

/** What the checkpointer is made of. */
export interface CheckpointerParts {
  readonly folder: string;
  readonly files: LogFiles;
  readonly keys: LogKeys;
  readonly tail: Tail;
  readonly custody: Custody;
  readonly grower: TreeGrower;
  readonly written: () => number;
  readonly state: TreeState;
  readonly newest: { readonly note: string; readonly size: number } | undefined;
  /** Bytes of the checkpoints' file that belong to the log. The file is there. */
  readonly bytes: number;
  /** Told of each new checkpoint, once it is on the disk. */
  readonly onSigned: (newest: { readonly note: string; readonly size: number }) => void;
  /** Told of records that were altered before they were signed for. */
  readonly onAltered: (altered: { readonly file: string; readonly words: string }) => void;
}

/** Makes the checkpointer of a log that was recovered. */
export function createCheckpointer(parts: CheckpointerParts): Checkpointer {
  const { folder, files, tail, custody, grower } = parts;
  let { keys } = parts;
  let { state } = parts;
  let newest = parts.newest;
  const path = join(folder, checkpointsFile);
  let { bytes } = parts;
  let chain: Promise<void> = Promise.resolve();
  /** Files begun after the one the tree stands in. */
  let later: string[] = [];

  async function once(next?: LogKeys): Promise<void> {
    const size = parts.written();
    if (next === undefined && size === (newest?.size ?? 0)) return;
    const end = tail.written();
    later.push(...tail.takeBegun());
    // Only what is on the disk is signed for: a power cut must not leave a log smaller than its checkpoint.
    await tail.sync();
    const grown = await grower.grow(rangesTo(end), (found) => judge(found, end, size));
    state = { tree: grown.tree, file: end.file, offset: end.size };
    later = later.slice(later.indexOf(end.file) + 1);
    const signers = next === undefined ? [keys] : [keys, next];
    const note = makeCheckpoint(
      { origin: keys.name, size, root: Buffer.from(grown.root, "base64") },
      signers.map(({ name, signer }) => ({ name, key: signer })),
    );
    await append(note);
    newest = { note, size };
    parts.onSigned(newest);
    await keepState(folder, state);
  }

  /** What is signed for is what was written, not what somebody made of it since. */
  function judge(grown: GrownTree, end: Written, size: number): void {
    for (const held of grown.held) {
      const written = held.file === end.file ? end : custody.writtenTo(held.file);
      if (written === undefined || held.digest === written.digest) continue;
      const words = "does not hold what was written to it: it was altered before it was signed for";
      parts.onAltered({ file: held.file, words });
      throw new Error(`${held.file} ${words}`);
    }
    if (grown.tree.size !== size)
      throw new Error(`the files hold ${grown.tree.size} records where ${size} were written`);
  }

  function rangesTo(end: { file: string; size: number }): readonly Range[] {
    if (state.file === end.file) return [{ file: end.file, from: state.offset, to: end.size }];
    const between = later.slice(0, later.indexOf(end.file));
    return [
      { file: state.file, from: state.offset, to: Infinity },
      ...between.map((file) => ({ file, from: 0, to: Infinity })),
      { file: end.file, from: 0, to: end.size },
    ];
  }

  /** One entry is the note and an empty line. What a failed write left is taken back, now or before the next. */
  async function append(note: string): Promise<void> {
    const entry = Buffer.from(`${note}\n`);
    const file = files.open(path, "r+");
    const write = (): number => {
      files.truncate(file, bytes);
      writeWhole(files, file, entry, entry.length, bytes);
      return bytes + entry.length;
    };
    const takeBack = (): number => {
      files.truncate(file, bytes);
      return bytes;
    };
    try {
      custody.writeOwn("checkpoints", write);
      await files.sync(file);
      bytes += entry.length;
    } catch (error) {
      custody.writeOwn("checkpoints", takeBack);
      throw error;
    } finally {
      files.close(file);
    }
  }

  async function inTurn(step: () => Promise<void>): Promise<void> {
    const mine = chain.then(step);
    chain = mine.catch(() => undefined);
    await mine;
  }

  return {
    run: () => inTurn(() => once()),
    rotate: (next) =>
      inTurn(async () => {
        await once(next);
        keys = next;
      }),
    newest: () => newest?.note,
    bytes: () => bytes,
    async close() {
      await chain;
      await grower.close();
    },
  };
}

async function keepState(folder: string, state: TreeState): Promise<void> {
  const path = join(folder, treeFile);
  await writeFile(`${path}.tmp`, JSON.stringify(state), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}
