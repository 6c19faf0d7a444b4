import type { Logger } from "pino";
import type { Worker } from "./worker-process.ts";

/** Brings the configuration file to workers, one after the other. */
export interface Reloading {
  /** How many reloads were begun. */
  readonly begun: number;
  /** The digest of the configuration that the workers run; undefined until the first one is ready. */
  readonly adopted: string | undefined;
  /** Has a worker read the file, and then, if it adopted it, the others. */
  reload(): Promise<void>;
  /** A worker is ready: if it was started before the newest configuration was adopted, it is brought that. */
  becameReady(worker: Worker): Promise<void>;
}

export function createReloading(workers: readonly Worker[], logger: Logger): Reloading {
  let begun = 0;
  let adopted: string | undefined;
  /** The newest reload that was adopted. */
  let newest = 0;
  let chain: Promise<void> = Promise.resolve();

  function inTurn(run: () => Promise<void>): Promise<void> {
    const mine = chain.then(run);
    chain = mine.catch(() => undefined);
    return mine;
  }

  /** @returns whether it adopted the file; undefined when it has ended */
  async function bring(worker: Worker, configuration: string | undefined): Promise<boolean | undefined> {
    const { number } = worker;
    const outcome = await worker.reload(configuration);
    if (outcome?.adopted === false)
      logger.error(
        { worker: number, why: outcome.why },
        "configuration refused; the running one is untouched",
      );
    if (outcome?.adopted === true) {
      const { changes, ended, voided } = outcome;
      logger.info({ worker: number, changes, ended, voided }, "configuration adopted");
    }
    return outcome?.adopted;
  }

  async function bringAll(reload: number): Promise<void> {
    const done: number[] = [];
    const refused: number[] = [];
    if (!workers.some(({ isReady }) => isReady)) {
      logger.warn({}, "no worker serves: the first that becomes ready adopts the file as it is");
      adopted = undefined;
      return;
    }
    // Also those that become ready meanwhile.
    for (;;) {
      const worker = workers.find(({ isReady, seen }) => isReady && seen < reload);
      if (worker === undefined) break;
      worker.seen = reload;
      const isAdopted = await bring(worker, done.length === 0 ? undefined : adopted);
      // One that has ended reads the file when it starts again.
      if (isAdopted === undefined) continue;
      (isAdopted ? done : refused).push(worker.number);
      if (done.length === 0) return;
      if (done.length > 1 || !isAdopted) continue;
      newest = reload;
      adopted = worker.inForce?.digest ?? adopted;
    }
    if (refused.length > 0)
      logger.error({ adopted: done, refused }, "workers run different configurations: send SIGHUP again");
  }

  return {
    get begun() {
      return begun;
    },
    get adopted() {
      return adopted;
    },
    reload() {
      begun += 1;
      const reload = begun;
      return inTurn(() => bringAll(reload));
    },
    becameReady(worker) {
      adopted ??= worker.inForce?.digest;
      return inTurn(async () => {
        const { inForce, seen } = worker;
        if (inForce === undefined || (seen >= newest && inForce.digest === adopted)) return;
        worker.seen = newest;
        // It must not go on with another configuration than the others: it starts again until it finds theirs.
        if ((await bring(worker, adopted)) === false) worker.kill();
      });
    },
  };
}
