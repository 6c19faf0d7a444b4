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
import type { Range } from "./tail.ts";

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

/** The worker's answer. */
export type GrowAnswer =
  | { readonly id: number; readonly tree: TreeText; readonly root: string }
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
    const { folder } = workerData;
    const tree = treeOfText(workerData.tree);
    port.on("message", ({ id, ranges }: GrowRequest) => {
      try {
        for (const { file, from, to } of ranges)
          for (const line of linesOf(join(folder, file), to, from)) {
            if (!line.ended) throw new Error(`${file} does not hold what was written to it`);
            addLeaf(tree, leafHash(line.bytes));
          }
        port.postMessage({
          id,
          tree: textOfTree(tree),
          root: rootOf(tree).toString("base64"),
        } satisfies GrowAnswer);
      } catch (error) {
        port.postMessage({ id, error: (error as Error).message } satisfies GrowAnswer);
      }
    });
  }
}

function isStart(data: unknown): data is WorkerStart {
  return typeof data === "object" && data !== null && "kind" in data && "folder" in data;
}
