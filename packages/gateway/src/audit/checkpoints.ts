import { statSync } from "node:fs";
import { writeFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { checkpointsFile, makeCheckpoint } from "@mayfly/audit-verifier";
import { writeWhole, type LogFiles } from "./files.ts";
import type { LogKeys } from "./keys.ts";
import type { Range, Tail } from "./tail.ts";
import type { TreeGrower } from "./tree.ts";
import type { TreeText } from "./tree-worker.ts";

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
  close(): Promise<void>;
}

/** What the checkpointer is made of. */
export interface CheckpointerParts {
  readonly folder: string;
  readonly files: LogFiles;
  readonly keys: LogKeys;
  readonly tail: Tail;
  readonly grower: TreeGrower;
  readonly written: () => number;
  readonly state: TreeState;
  readonly newest: { readonly note: string; readonly size: number } | undefined;
}

/** Makes the checkpointer of a log that was recovered. */
export function createCheckpointer(parts: CheckpointerParts): Checkpointer {
  const { folder, files, tail, grower } = parts;
  let { keys } = parts;
  let { state } = parts;
  let newest = parts.newest;
  const path = join(folder, checkpointsFile);
  const fd = files.open(path, newest === undefined ? "a" : "r+");
  files.close(fd);
  let chain: Promise<void> = Promise.resolve();
  /** Files begun after the one the tree stands in. */
  let later: string[] = [];

  async function once(next?: LogKeys): Promise<void> {
    const size = parts.written();
    if (next === undefined && size === (newest?.size ?? 0)) return;
    const end = tail.position();
    later.push(...tail.takeBegun());
    // Only what is on the disk is signed for: a power cut must not leave a log smaller than its checkpoint.
    await tail.sync();
    const grown = await grower.grow(rangesTo(end));
    if (grown.tree.size !== size)
      throw new Error(`the files hold ${grown.tree.size} records where ${size} were written`);
    state = { tree: grown.tree, file: end.file, offset: end.size };
    later = later.slice(later.indexOf(end.file) + 1);
    const signers = next === undefined ? [keys] : [keys, next];
    const note = makeCheckpoint(
      { origin: keys.name, size, root: Buffer.from(grown.root, "base64") },
      signers.map(({ name, signer }) => ({ name, key: signer })),
    );
    await append(note);
    newest = { note, size };
    await keepState(folder, state);
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

  /** One entry is the note and an empty line. What a failed write left is taken back. */
  async function append(note: string): Promise<void> {
    const bytes = Buffer.from(`${note}\n`);
    const size = statSync(path).size;
    const file = files.open(path, "r+");
    try {
      writeWhole(files, file, bytes, bytes.length, size);
      await files.sync(file);
    } catch (error) {
      files.truncate(file, size);
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
