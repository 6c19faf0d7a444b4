import { Worker } from "node:worker_threads";
import type { VerifyReport } from "@mayfly/audit-verifier";
import type { Range, Written } from "../files/tail.ts";
import { answerOf, createWorkerLine } from "./worker-line.ts";
import type { Altered, CheckRequest, GrowAnswer, GrowRequest, TreeText, WorkerStart } from "./worker.ts";

/** The tree after it grew. */
export interface GrownTree {
  readonly tree: TreeText;
  /** Base64. */
  readonly root: string;
  /** What each range's file held up to the range's end when it was hashed. */
  readonly held: readonly Written[];
}

/** Hashes records in a thread of its own, from the files: the hot path hashes nothing, and memory stays bounded. */
export interface TreeGrower {
  /**
   * Adds the lines of these ranges, which are on the disk.
   * @param judge throws when the tree must not have grown so: then it has not
   * @throws Error when the files do not hold them, and what `judge` throws; the same ranges may be asked for again
   */
  grow(ranges: readonly Range[], judge: (grown: GrownTree) => void): Promise<GrownTree>;
  /** Reads files back. @returns the first that does not begin with what was written to it */
  check(files: readonly Written[]): Promise<Altered | undefined>;
  close(): Promise<void>;
}

/** Started with type stripping in development, compiled when shipped. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

function startWorker(start: WorkerStart): Worker {
  const worker = new Worker(workerFile, { workerData: start, execArgv: [] });
  worker.unref();
  return worker;
}

/** Starts growing a tree. @param from its state */
export function treeGrower(folder: string, from: TreeText): TreeGrower {
  let state = from;
  let lastId = 0;
  let isClosed = false;
  // A tree that is half grown is given up with its thread: the next one starts from the last state that is known.
  const line = createWorkerLine<GrowRequest | CheckRequest, GrowAnswer>(() =>
    startWorker({ kind: "grow", folder, tree: state }),
  );

  /** @throws what the thread answers in the place of a result, and ends it */
  async function settled(answer: Promise<GrowAnswer>): Promise<Exclude<GrowAnswer, { error: string }>> {
    const given = await answer;
    if (!("error" in given)) return given;
    await line.end();
    throw new Error(given.error);
  }

  function nextId(): number {
    if (isClosed) throw new Error("the log is closed");
    lastId += 1;
    return lastId;
  }

  return {
    grow: (ranges, judge) =>
      line.inTurn(async (ask) => {
        const answer = await settled(ask({ id: nextId(), ranges }));
        if (!("tree" in answer)) throw new TypeError("the thread that hashes answered something else");
        const { tree, root, held } = answer;
        try {
          judge({ tree, root, held });
        } catch (error) {
          await line.end();
          throw error;
        }
        state = tree;
        return { tree, root, held };
      }),
    check: (files) =>
      line.inTurn(async (ask) => {
        const answer = await settled(ask({ id: nextId(), check: files }));
        if (!("altered" in answer)) throw new TypeError("the thread that hashes answered something else");
        return answer.altered;
      }),
    async close() {
      isClosed = true;
      await line.end();
    },
  };
}

/** Verifies a log in a thread of its own. The result settles with the report; `stop` gives up. */
export function verifyInBackground(start: Extract<WorkerStart, { kind: "verify" }>): {
  readonly report: Promise<VerifyReport>;
  readonly stop: () => Promise<void>;
} {
  const worker = startWorker(start);
  const stop = async (): Promise<void> => {
    await worker.terminate();
  };
  const run = async (): Promise<VerifyReport> => {
    try {
      return (await answerOf(worker)) as VerifyReport;
    } finally {
      await stop();
    }
  };
  return { report: run(), stop };
}
