import type { Worker } from "node:worker_threads";

/** A thread that answers one request after the other. */
export interface WorkerLine<Request, Answer> {
  /** Asks once what was asked before is answered. @throws what the thread died of: the next request starts another */
  ask(request: Request): Promise<Answer>;
  /** Runs steps without another's requests between them. */
  inTurn<T>(step: (ask: (request: Request) => Promise<Answer>) => Promise<T>): Promise<T>;
  /** Ends the thread: the next request starts another. */
  end(): Promise<void>;
}

/** @param start starts the thread, when something is asked and none runs; it keeps no process alive but while it answers */
export function createWorkerLine<Request, Answer>(start: () => Worker): WorkerLine<Request, Answer> {
  let worker: Worker | undefined;
  let chain: Promise<unknown> = Promise.resolve();

  async function end(): Promise<void> {
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  }

  async function ask(request: Request): Promise<Answer> {
    worker ??= start();
    const busy = worker;
    try {
      busy.ref();
      const reply = answerOf(busy);
      busy.postMessage(request, []);
      return (await reply) as Answer;
    } catch (error) {
      // What it holds may be half done.
      await end();
      throw error;
    } finally {
      busy.unref();
    }
  }

  function inTurn<T>(step: (ask: (request: Request) => Promise<Answer>) => Promise<T>): Promise<T> {
    const mine = chain.then(() => step(ask));
    chain = mine.catch(() => undefined);
    return mine;
  }

  return { ask: (request) => inTurn((askNow) => askNow(request)), inTurn, end };
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
