import { formatProblem } from "@mayfly/audit-verifier";
import { messageOf } from "../../kernel/errors.ts";
import type { Difference } from "../files/facts.ts";
import { verifyInBackground } from "./tree.ts";
import type { WorkerStart } from "./worker.ts";

/** Verifies the whole log in a thread of its own, one run at a time. */
export interface WholeVerifier {
  /** A run that begins after the call; those who wait share one. @returns what does not verify. Never rejects */
  run(): Promise<Difference | undefined>;
  /** Resolves when no run is under way: what a run reads may be removed then, at once. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** @param what is to be verified, asked when a run begins */
export function wholeVerifier(what: () => Extract<WorkerStart, { kind: "verify" }>): WholeVerifier {
  let running: Promise<unknown> | undefined;
  let waiting: Promise<Difference | undefined> | undefined;
  let stopRun = (): Promise<void> => Promise.resolve();
  let isStopped = false;

  async function once(): Promise<Difference | undefined> {
    if (isStopped) return undefined;
    const started = verifyInBackground(what());
    stopRun = started.stop;
    try {
      const { problems } = await started.report;
      const [first] = problems;
      return first === undefined
        ? undefined
        : { place: first.file, kind: "altered", words: `does not verify: ${formatProblem(first)}` };
    } catch (error) {
      if (isStopped) return undefined;
      return { place: "", kind: "unreadable", words: `could not be verified: ${messageOf(error)}` };
    }
  }

  function start(): Promise<Difference | undefined> {
    const run = once().finally(() => {
      running = undefined;
    });
    running = run;
    return run;
  }

  return {
    run() {
      if (waiting !== undefined) return waiting;
      if (running === undefined) return start();
      waiting = running.then(() => {
        waiting = undefined;
        return start();
      });
      return waiting;
    },
    async idle() {
      for (let run = waiting ?? running; run !== undefined; run = waiting ?? running) await run;
    },
    async stop() {
      isStopped = true;
      await stopRun();
    },
  };
}
