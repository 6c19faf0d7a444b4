import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Clock } from "../../kernel/clock.ts";
import type { Reload } from "../reload.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import { forwardLines } from "./forward-lines.ts";
import type { FromWorker, InForceThere, ToWorker, WorkerReady, WorkerStart } from "./messages.ts";
import { type BoundedChannel, boundedChannel, type Channel } from "./relay.ts";

/** How long a worker has to stop once it has drained; its own bounds are shorter. Then it is killed. Milliseconds. */
const STOP_MS = 25_000;
/** How long a worker may take to read the configuration again and adopt it, milliseconds. */
const RELOAD_MS = 30_000;

/** What is used of a process. */
export interface Process extends Channel {
  readonly pid?: number | undefined;
  readonly stderr: Readable | null;
  kill(signal: "SIGKILL"): unknown;
  on(event: "message", heard: (message: FromWorker) => void): unknown;
  once(event: "error", heard: (error: Error) => void): unknown;
  once(event: "close", heard: (code: number | null, signal: string | null) => void): unknown;
}

/** One of the workers, whichever process it is at the time. */
export interface Worker {
  readonly number: number;
  readonly isReady: boolean;
  readonly isRunning: boolean;
  /** The newest reload that it was told of, or that had begun when it was started. */
  seen: number;
  /** What it has in force; undefined until it is ready. */
  readonly inForce: InForceThere | undefined;
  /** @returns settles when it is ready; undefined when it has ended before */
  start(start: WorkerStart): Promise<WorkerReady | undefined>;
  /** @returns false when the message is lost */
  tell(message: ToWorker): boolean;
  /**
   * Has it read the configuration again. One that does not answer is killed.
   * @param configuration the digest that it must find; undefined: whatever is there
   * @returns undefined when it has ended
   */
  reload(configuration: string | undefined): Promise<Reload | undefined>;
  /** Kills its process if it has not ended by then. @param afterMs before the time that every stop has */
  killLater(afterMs?: number): void;
  kill(): void;
  /** Settles when its process is gone, and all that it printed is read. */
  gone(): Promise<void>;
}

export interface WorkerParts {
  readonly clock: Pick<Clock, "monotonic" | "schedule">;
  readonly logger: Logger;
  readonly sink: Pick<LogSink, "write">;
  readonly makeProcess: () => Process;
  readonly isStopping: () => boolean;
  /** Told of what is for another worker. */
  readonly onMessage: (from: number, message: FromWorker) => void;
  readonly onReady: (worker: Worker) => void;
  /** @param differs whether it ended since it found another configuration than it was to run */
  readonly onEnd: (worker: Worker, differs: boolean) => void;
}

export function createWorker(number: number, parts: WorkerParts): Worker {
  const { clock, logger } = parts;
  let child: Process | undefined;
  let channel: BoundedChannel | undefined;
  let inForce: InForceThere | undefined;
  let reloaded: ((outcome: Reload | undefined) => void) | undefined;
  let gone: Promise<void> = Promise.resolve();

  function ended(process: Process): Promise<void> {
    return new Promise((resolve) => {
      process.once("error", (error) => {
        logger.error({ worker: number, error: error.message }, "worker failed");
        // A process that could not be made never ends.
        if (process.pid === undefined) resolve();
      });
      process.once("close", (code, signal) => {
        if (!parts.isStopping())
          logger.error({ worker: number, pid: process.pid, code, signal }, "worker ended");
        resolve();
      });
    });
  }

  const worker: Worker = {
    number,
    seen: 0,
    get isReady() {
      return inForce !== undefined;
    },
    get isRunning() {
      return child !== undefined;
    },
    get inForce() {
      return inForce;
    },
    start(start) {
      const process = parts.makeProcess();
      child = process;
      channel = boundedChannel(process);
      if (process.stderr !== null) forwardLines(process.stderr, parts.sink);
      const ready = Promise.withResolvers<WorkerReady | undefined>();
      let differs = false;
      process.on("message", (message) => {
        if (message.kind === "ready") {
          inForce = message.inForce;
          logger.info({ worker: number, pid: process.pid }, "worker ready");
          ready.resolve(message.ready);
          parts.onReady(worker);
        } else if (message.kind === "reloaded") {
          inForce = message.inForce;
          reloaded?.(message.outcome);
        } else if (message.kind === "differs") differs = true;
        else if (message.kind === "stopping") worker.killLater();
        else parts.onMessage(number, message);
      });
      gone = ended(process).finally(() => {
        child = undefined;
        channel = undefined;
        inForce = undefined;
        reloaded?.(undefined);
        ready.resolve(undefined);
        parts.onEnd(worker, differs);
      });
      channel.tell({ kind: "start", start });
      return ready.promise;
    },
    tell: (message) => channel?.tell(message) ?? false,
    reload(configuration) {
      return new Promise((resolve) => {
        const cancel = clock.schedule(RELOAD_MS, () => {
          logger.error({ worker: number }, "worker did not reload in its time: it is killed");
          worker.kill();
        });
        reloaded = (outcome) => {
          reloaded = undefined;
          cancel();
          resolve(outcome);
        };
        const message = configuration === undefined ? {} : { configuration };
        // One that reads no messages any more has the same time.
        if (!worker.tell({ kind: "reload", ...message }) && child === undefined) reloaded(undefined);
      });
    },
    killLater(afterMs = 0) {
      const process = child;
      if (process === undefined) return;
      const cancel = clock.schedule(afterMs + STOP_MS, () => process.kill("SIGKILL"));
      process.once("close", cancel);
    },
    kill: () => void child?.kill("SIGKILL"),
    gone: () => gone,
  };
  return worker;
}
