import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { join } from "node:path";
import {
  addLeaf,
  leafHash,
  linesOf,
  rootOf,
  verifyLog,
  type TreeEdge,
  type VerifyOptions,
} from "@mayfly/audit-verifier";
import { hashInto, type Range, type Written } from "../files/tail.ts";

/** What a worker is started for. */
export type WorkerStart =
  | { readonly kind: "grow"; readonly folder: string; readonly tree: TreeText }
  | {
      readonly kind: "verify";
      readonly folder: string;
      readonly keys: readonly string[];
      readonly witnessed: NonNullable<VerifyOptions["witnessed"]>;
      readonly until: NonNullable<VerifyOptions["until"]>;
    };

/** A tree's right edge, as it is sent between threads and kept in a file. */
export interface TreeText {
  readonly size: number;
  /** Base64. */
  readonly roots: readonly string[];
}

/** Asks a worker to add the lines of these ranges to the tree. */
export interface GrowRequest {
  readonly id: number;
  readonly ranges: readonly Range[];
}

/** Asks a worker to read files back. */
export interface CheckRequest {
  readonly id: number;
  readonly check: readonly Written[];
}

/** How a file does not hold what was written to it. */
export interface Altered {
  readonly file: string;
  readonly words: string;
}

/** The worker's answer. */
export type GrowAnswer =
  | {
      readonly id: number;
      readonly tree: TreeText;
      readonly root: string;
      /** What each range's file holds up to the range's end: that is what was hashed. */
      readonly held: readonly Written[];
    }
  | { readonly id: number; readonly altered: Altered | undefined }
  | { readonly id: number; readonly error: string };

export function textOfTree(tree: TreeEdge): TreeText {
  return { size: tree.size, roots: tree.roots.map((root) => root.toString("base64")) };
}

export function treeOfText(text: TreeText): TreeEdge {
  return { size: text.size, roots: text.roots.map((root) => Buffer.from(root, "base64")) };
}

// The worker's side. Nothing runs when the main thread imports this file for its types.
if (parentPort !== null && isStart(workerData)) {
  const port = parentPort;
  if (workerData.kind === "verify") {
    const { folder, keys, witnessed, until } = workerData;
    port.postMessage(verifyLog(folder, keys, { witnessed, until }));
  } else {
    const grow = grower(workerData.folder, treeOfText(workerData.tree));
    const { folder } = workerData;
    port.on("message", (request: GrowRequest | CheckRequest) => {
      const { id } = request;
      try {
        port.postMessage(
          ("check" in request
            ? { id, altered: firstAltered(folder, request.check) }
            : { id, ...grow(request.ranges) }) satisfies GrowAnswer,
        );
      } catch (error) {
        port.postMessage({ id, error: (error as Error).message } satisfies GrowAnswer);
      }
    });
  }
}

/** Adds the lines of ranges to a tree, and hashes the files' bytes as they are read for it: one look, both answers. */
function grower(folder: string, tree: TreeEdge) {
  let file = "";
  let at = 0;
  let hash = createHash("sha256");

  function begin(next: string, from: number): void {
    file = next;
    at = from;
    hash = createHash("sha256");
    if (from > 0) withFile(join(folder, next), (fd) => hashInto(hash, fd, from));
  }

  return (ranges: readonly Range[]) => {
    const held: Written[] = [];
    for (const range of ranges) {
      if (range.file !== file || range.from !== at) begin(range.file, range.from);
      const take = (chunk: Buffer): void => {
        hash.update(chunk);
        at += chunk.length;
      };
      for (const line of linesOf(join(folder, range.file), range.to, range.from, take)) {
        if (!line.ended) throw new Error(`${range.file} does not hold what was written to it`);
        addLeaf(tree, leafHash(line.bytes));
      }
      held.push({ file, size: at, digest: hash.copy().digest("hex") });
    }
    return { tree: textOfTree(tree), root: rootOf(tree).toString("base64"), held };
  };
}

/** The first file that does not begin with what was written to it. */
function firstAltered(folder: string, files: readonly Written[]): Altered | undefined {
  for (const { file, size, digest } of files) {
    const hash = createHash("sha256");
    try {
      withFile(join(folder, file), (fd) => hashInto(hash, fd, size));
    } catch (error) {
      return { file, words: `cannot be read back: ${(error as Error).message}` };
    }
    if (hash.digest("hex") !== digest)
      return { file, words: `does not hold what was written to its first ${size} bytes: it was altered` };
  }
  return undefined;
}

function withFile(path: string, use: (fd: number) => void): void {
  const fd = openSync(path, "r");
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

function isStart(data: unknown): data is WorkerStart {
  return typeof data === "object" && data !== null && "kind" in data && "folder" in data;
}
