import { Worker } from "node:worker_threads";
import type { VerifyReport } from "@mayfly/audit-verifier";
import type { Range } from "./tail.ts";
import type { GrowAnswer, GrowRequest, TreeText, WorkerStart } from "./tree-worker.ts";

/** The tree after it grew. */
export interface GrownTree {
  readonly tree: TreeText;
  /** Base64. */
  readonly root: string;
}

/** Hashes records in a thread of its own, from the files: the hot path hashes nothing, and memory stays bounded. */
export interface TreeGrower {
  /**
   * Adds the lines of these ranges, which are on the disk.
   * @throws Error when the files do not hold them; the same ranges may be asked for again
   */
  grow(ranges: readonly Range[]): Promise<GrownTree>;
  close(): Promise<void>;
}

/** Started with type stripping in development, compiled when shipped. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./tree-worker.ts" : "./tree-worker.js",
  import.meta.url,
);

function startWorker(start: WorkerStart): Worker {
  const worker = new Worker(workerFile, { workerData: start, execArgv: [] });
  worker.unref();
  return worker;
}

/** Starts growing a tree. @param from its state */
export function treeGrower(folder: string, from: TreeText): TreeGrower {
  let state = from;
  let worker: Worker | undefined;
  let lastId = 0;

  async function grow(ranges: readonly Range[]): Promise<GrownTree> {
    worker ??= startWorker({ kind: "grow", folder, tree: state });
    const busy = worker;
    lastId += 1;
    try {
      busy.ref();
      const reply = answerOf(busy);
      busy.postMessage({ id: lastId, ranges } satisfies GrowRequest, []);
      const answer = (await reply) as GrowAnswer;
      if ("error" in answer) throw new Error(answer.error);
      state = answer.tree;
      return { tree: answer.tree, root: answer.root };
    } catch (error) {
      // Its tree may be half grown: the next call starts from the last state that is known.
      worker = undefined;
      await busy.terminate();
      throw error;
    } finally {
      busy.unref();
    }
  }

  return {
    grow,
    async close() {
      await worker?.terminate();
      worker = undefined;
    },
  };
}

/** The next message of a worker. @throws what the worker died of */
export function answerOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    const onMessage = (message: unknown): void => {
      settle();
      resolve(message);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onExit = (): void => {
      settle();
      reject(new Error("the thread that hashes the audit log ended"));
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  });
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
