/** Tells what is going on while `work` runs. */
type Say = <T>(what: string, work: () => Promise<T>) => Promise<T>;

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Thrown in place of the next thing to be started once a signal has come. */
class Interrupted extends Error {}

/** How the demo ends, whenever a signal comes: nothing more is started, and what was started is ended. */
export interface Ending {
  /** Starts nothing more once the end has begun. */
  unlessEnding(say: Say): Say;
  /** Where the start failed, and has taken down what it had started: the process ends. @throws `error` without a signal */
  over(error: unknown): never;
  /** What ends everything, once it has been started. */
  of(stop: () => Promise<void>): void;
  hasBegun(): boolean;
  /** Ends everything, once, and then the process with the code of whoever was first. */
  end(code: number): Promise<never>;
}

/** Listens for the signals of a terminal. */
export function createEnding(): Ending {
  let interrupted: number | undefined;
  let stop: (() => Promise<void>) | undefined;
  let ended: Promise<never> | undefined;
  const end = (code: number): Promise<never> =>
    (ended ??= (async () => {
      try {
        await stop?.();
      } catch (error) {
        console.error(error);
        process.exit(1);
      }
      return process.exit(code);
    })());
  for (const signal of Object.keys(codes) as (keyof typeof codes)[])
    process.on(signal, () => {
      if (interrupted === undefined) console.log("\nstopping …");
      interrupted ??= codes[signal];
      if (stop !== undefined) void end(interrupted);
    });
  return {
    unlessEnding: (say) => async (what, work) => {
      if (interrupted !== undefined) throw new Interrupted();
      return say(what, work);
    },
    over(error) {
      if (interrupted === undefined) throw error;
      if (!(error instanceof Interrupted)) console.error(error);
      return process.exit(interrupted);
    },
    of(stopAll) {
      stop = stopAll;
      if (interrupted !== undefined) void end(interrupted);
    },
    hasBegun: () => interrupted !== undefined || ended !== undefined,
    end,
  };
}
