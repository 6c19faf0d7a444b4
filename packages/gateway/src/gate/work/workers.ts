import { Worker } from "node:worker_threads";
import { WAITING_WORK, WORK_MS, WORKER_HEAP_MB, WORKERS } from "../bounds.ts";
import type { Said, Work } from "./worker.ts";

/** How a piece of work ended. */
export type Ended =
  | { readonly kind: "done"; readonly output: unknown }
  /** Ended because it exceeded its time or memory; or it threw; or its caller gave up. */
  | { readonly kind: "too slow" | "too large" | "failed" | "left" }
  /** The principal's queue is full. */
  | { readonly kind: "busy" };

/**
 * Worker threads for work that an agent can make expensive: each can be ended at any time without affecting anything
 * else.
 */
export interface Workers {
  /**
   * Runs one piece of work. Each principal has one piece running at a time, and waits for the others no longer than a
   * piece may take.
   * @param key the principal
   */
  run(key: string, work: Work, signal?: AbortSignal): Promise<Ended>;
  /** Pieces that wait or are under way. */
  readonly pieces: number;
  close(): Promise<void>;
}

const file = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** How long a worker may take to start and to load a module, milliseconds. */
const LOAD_MS = 15_000;
/** An idle worker is ended after this, milliseconds, to free its memory. */
const IDLE_MS = 5000;

interface Piece {
  readonly key: string;
  readonly work: Work;
  readonly tell: (ended: Ended) => void;
}

/** Makes the pool; a thread is started when there is work for it. */
export function createWorkers(most = WORKERS, ms = WORK_MS): Workers {
  /** The waiting principals, in the order of service, with their pieces. */
  const waiting = new Map<string, Piece[]>();
  const busy = new Set<string>();
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  const running = new Set<Worker>();
  let pieces = 0;

  const start = (): Worker => {
    const worker = new Worker(file, {
      resourceLimits: {
        maxOldGenerationSizeMb: WORKER_HEAP_MB,
        maxYoungGenerationSizeMb: 32,
        stackSizeMb: 2,
      },
    });
    // A worker keeps no process alive.
    worker.unref();
    worker.on("error", () => undefined);
    return worker;
  };

  const rest = (worker: Worker): void => {
    const timer = setTimeout(() => {
      const at = idle.findIndex((each) => each.worker === worker);
      if (at >= 0) idle.splice(at, 1);
      void worker.terminate();
    }, IDLE_MS);
    timer.unref();
    idle.push({ worker, timer });
  };

  const doOne = (piece: Piece): void => {
    const { key, work, tell } = piece;
    const spare = idle.pop();
    if (spare !== undefined) clearTimeout(spare.timer);
    const worker = spare?.worker ?? start();
    busy.add(key);
    running.add(worker);
    const finish = (ended: Ended, isWhole: boolean): void => {
      clearTimeout(timer);
      worker.off("message", hear).off("error", fail).off("exit", fail);
      running.delete(worker);
      busy.delete(key);
      if (isWhole) rest(worker);
      else void worker.terminate();
      tell(ended);
      next();
    };
    const hear = (said: Said): void => {
      if (said.kind === "begun") {
        clearTimeout(timer);
        timer = setTimeout(() => finish({ kind: "too slow" }, false), ms);
      } else finish(said.kind === "done" ? said : { kind: "failed" }, true);
    };
    const fail = (error?: unknown): void => {
      const isMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
      finish({ kind: isMemory ? "too large" : "failed" }, false);
    };
    let timer = setTimeout(() => finish({ kind: "failed" }, false), LOAD_MS);
    worker.on("message", hear).once("error", fail).once("exit", fail);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
    worker.postMessage(work);
  };

  const next = (): void => {
    for (const [key, line] of waiting) {
      if (running.size >= most) return;
      if (busy.has(key)) continue;
      const piece = line.shift();
      waiting.delete(key);
      // To the end of the queue.
      if (line.length > 0) waiting.set(key, line);
      if (piece !== undefined) doOne(piece);
    }
  };

  return {
    run: (key, work, signal) =>
      new Promise((resolve) => {
        const line = waiting.get(key) ?? [];
        if (line.length >= WAITING_WORK) {
          resolve({ kind: "busy" });
          return;
        }
        pieces += 1;
        const leave = (): void => {
          const at = line.indexOf(piece);
          // Running work ends by itself, soon enough.
          if (at < 0) return;
          line.splice(at, 1);
          if (line.length === 0 && waiting.get(key) === line) waiting.delete(key);
          piece.tell({ kind: "left" });
        };
        const piece: Piece = {
          key,
          work,
          tell(ended) {
            pieces -= 1;
            signal?.removeEventListener("abort", leave);
            resolve(ended);
          },
        };
        line.push(piece);
        waiting.set(key, line);
        signal?.addEventListener("abort", leave, { once: true });
        if (signal?.aborted === true) leave();
        next();
      }),
    get pieces() {
      return pieces;
    },
    async close() {
      for (const { timer } of idle) clearTimeout(timer);
      await Promise.all(
        [...idle.map(({ worker }) => worker), ...running].map((worker) => worker.terminate()),
      );
    },
  };
}
