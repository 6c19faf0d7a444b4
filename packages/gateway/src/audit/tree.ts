import { Worker } from "node:worker_threads";
import type { VerifyReport } from "@mayfly/audit-verifier";
import type { Range, Written } from "./tail.ts";
import type { Altered, CheckRequest, GrowAnswer, GrowRequest, TreeText, WorkerStart } from "./tree-worker.ts";

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
  let isClosed = false;
  let chain: Promise<unknown> = Promise.resolve();

  /** One request at a time: the worker answers in order, and a half-grown tree must not be grown further. */
  async function ask(request: Omit<GrowRequest, "id"> | Omit<CheckRequest, "id">): Promise<GrowAnswer> {
    if (isClosed) throw new Error("the log is closed");
    worker ??= startWorker({ kind: "grow", folder, tree: state });
    const busy = worker;
    lastId += 1;
    try {
      busy.ref();
      const reply = answerOf(busy);
      busy.postMessage({ id: lastId, ...request }, []);
      const answer = (await reply) as GrowAnswer;
      if ("error" in answer) throw new Error(answer.error);
      return answer;
    } catch (error) {
      // Its tree may be half grown: the next call starts from the last state that is known.
      worker = undefined;
      await busy.terminate();
      throw error;
    } finally {
      busy.unref();
    }
  }

  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const mine = chain.then(step);
    chain = mine.catch(() => undefined);
    return mine;
  }

  return {
    grow: (ranges, judge) =>
      inTurn(async () => {
        const answer = await ask({ ranges });
        if (!("tree" in answer)) throw new TypeError("the thread that hashes answered something else");
        const { tree, root, held } = answer;
        try {
          judge({ tree, root, held });
        } catch (error) {
          await worker?.terminate();
          worker = undefined;
          throw error;
        }
        state = tree;
        return { tree, root, held };
      }),
    check: (files) =>
      inTurn(async () => {
        const answer = await ask({ check: files });
        if (!("altered" in answer)) throw new TypeError("the thread that hashes answered something else");
        return answer.altered;
      }),
    async close() {
      isClosed = true;
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
