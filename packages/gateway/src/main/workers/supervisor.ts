import { fork } from "node:child_process";
import type { Logger } from "pino";
import type { Clock } from "../../kernel/clock.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import type { WorkerReady, WorkerStart } from "./messages.ts";
import { handedOn } from "./relay.ts";
import { createReloading } from "./reloading.ts";
import { afterDeath, afterDiffering, MAX_DEATHS } from "./restarts.ts";
import { createWorker, type Process, type Worker } from "./worker-process.ts";

const entry = new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url);

/** What every worker is started with. */
export type WorkerOptions = Omit<WorkerStart, "number" | "count" | "ports" | "configuration">;

/** The workers of a gateway. It answers nothing from the network, and knows no secret but its environment. */
export interface Supervisor {
  /**
   * Starts the first worker, and then all others: what they share is made once.
   * @throws WorkersEnded when one does not start
   */
  start(): Promise<WorkerReady>;
  /** Has the first worker read the configuration again, and then, if it adopted it, the others. */
  reload(): Promise<void>;
  /** Stops all, each in order. @param now aborts once nothing may be waited for any more; left out: nothing is */
  stop(why: string, now?: AbortSignal): Promise<void>;
  /** Rejects once a worker dies again and again. */
  readonly failed: Promise<never>;
}

/** The workers cannot go on; what each had to say, it has said. */
export class WorkersEnded extends Error {}

export interface SupervisorParts {
  readonly count: number;
  readonly options: WorkerOptions;
  readonly clock: Pick<Clock, "monotonic" | "schedule">;
  readonly logger: Logger;
  /** Where what workers print goes. */
  readonly sink: Pick<LogSink, "write">;
  /** Makes the process of a worker; left out: as the gateway does. */
  readonly makeProcess?: () => Process;
}

const forked = (): Process => fork(entry, [], { stdio: ["ignore", "inherit", "pipe", "ipc"] });

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { count, clock, logger, sink, makeProcess = forked } = parts;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let first: WorkerReady | undefined;
  let isStarted = false;
  let isStopping = false;
  /** The longest that the gateway may take to leave, by the newest configuration known. Milliseconds. */
  let leaveMs = 0;
  // A lock-down that was asked for at the start is in force; one that an operator has lifted stays lifted.
  const { lockdown: _, ...later } = parts.options;
  /** By worker: monotonic milliseconds, the newest last. */
  const deaths = new Map<number, readonly number[]>();
  /** By worker: how often in a row it found another configuration. */
  const differed = new Map<number, number>();

  const workers = Array.from({ length: count }, (__, index) =>
    createWorker(index + 1, {
      clock,
      logger,
      sink,
      makeProcess,
      isStopping: () => isStopping,
      onMessage(from, message) {
        const on = handedOn(from, message);
        if (on !== undefined) workers[on.to - 1]?.tell(on.message);
      },
      onReady(worker) {
        differed.delete(worker.number);
        leaveMs = worker.inForce?.leaveMs ?? leaveMs;
        void reloading.becameReady(worker);
      },
      onEnd: ended,
    }),
  );
  const reloading = createReloading(workers, logger);

  function begin(worker: Worker, options: WorkerOptions): Promise<WorkerReady | undefined> {
    worker.seen = reloading.begun;
    const { adopted } = reloading;
    return worker.start({
      ...options,
      number: worker.number,
      count,
      ...(first === undefined ? {} : { ports: first.ports }),
      ...(adopted === undefined ? {} : { configuration: adopted }),
    });
  }

  /** Starts it again, unless it has died too often. One that waits for its configuration has not died. */
  function ended(worker: Worker, differs: boolean): void {
    if (!isStarted || isStopping) return;
    const { number } = worker;
    if (differs) {
      const times = (differed.get(number) ?? 0) + 1;
      differed.set(number, times);
      beginIn(worker, afterDiffering(times));
      return;
    }
    const all = [...(deaths.get(number) ?? []), clock.monotonic()].slice(-MAX_DEATHS - 1);
    deaths.set(number, all);
    const next = afterDeath(all);
    if (next.kind === "give up") {
      logger.fatal({ worker: number, deaths: all.length }, "worker ends again and again");
      failure.reject(new WorkersEnded());
      return;
    }
    beginIn(worker, next.inMs);
  }

  function beginIn(worker: Worker, ms: number): void {
    clock.schedule(ms, () => {
      if (!isStopping) void begin(worker, later);
    });
  }

  return {
    failed: failure.promise,
    async start() {
      const [leader, ...others] = workers;
      if (leader === undefined) throw new TypeError("there is no worker");
      first = await begin(leader, parts.options);
      if (first === undefined) throw new WorkersEnded();
      const all = await Promise.all(others.map((worker) => begin(worker, later)));
      if (all.includes(undefined) || !leader.isRunning) throw new WorkersEnded();
      isStarted = true;
      return first;
    },
    reload: () => reloading.reload(),
    async stop(why, now) {
      isStopping = true;
      const hurry = (): void => {
        for (const worker of workers) {
          worker.tell({ kind: "stop now" });
          worker.killLater();
        }
      };
      for (const worker of workers) {
        worker.tell({ kind: "stop", why, mayDrain: now !== undefined });
        // One that hangs never says that it has drained.
        worker.killLater(worker.inForce?.leaveMs ?? leaveMs);
      }
      if (now === undefined || now.aborted) hurry();
      else now.addEventListener("abort", hurry, { once: true });
      await Promise.all(workers.map((worker) => worker.gone()));
    },
  };
}
