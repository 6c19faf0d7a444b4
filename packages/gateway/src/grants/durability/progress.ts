import { messageOf } from "../../kernel/errors.ts";
import type { Core } from "../core.ts";
import type { Beat } from "./journal.ts";
import type { Trail } from "./trail.ts";

/** Runs a change and counts it while it is recorded and not yet stored. */
export async function whileCounted<T>(core: Core, run: () => Promise<T>): Promise<T> {
  core.busy += 1;
  try {
    return await run();
  } finally {
    core.busy -= 1;
  }
}

/** How often a gateway says what time it has seen, while there are grants or requests whose time runs, milliseconds. */
export const BEAT_EVERY_MS = 2000;
/** How often the agreement of log and store is stored, milliseconds. */
const PROGRESS_EVERY_MS = 5000;

/** Stores how far log and store agree, and the current time, so that a start need not read further back. */
export interface ProgressKeeper {
  /** @param from the number of the first record that the store may not agree with */
  start(from: number): void;
  /** Stores the final state, at a stop. */
  stop(): Promise<void>;
  /** Why what is stored now may not be kept; undefined when all is well. */
  readonly unwritable: string | undefined;
}

/** Makes it. @param trail the log read back; undefined where it cannot be */
export function createProgressKeeper(core: Core, trail: Trail | undefined): ProgressKeeper {
  let isStopped = true;
  let cancelBeat: (() => void) | undefined;
  let cancelProgress: (() => void) | undefined;
  let storeFailure: string | undefined;
  let journalFailure: string | undefined;
  let isBeating = false;
  let position = 0;
  /** What the store is known to have kept. */
  let kept = 0;
  let isPutBack = false;

  const beat = async (clean: boolean): Promise<void> => {
    const boot = core.journal?.boot();
    const now: Beat = {
      steady: core.clock.wall(),
      wall: core.wallClock.wall(),
      clean,
      ...(boot === undefined ? {} : { boot }),
    };
    try {
      await core.journal?.beat(now);
      journalFailure = undefined;
    } catch (error) {
      journalFailure = `the journal of ends cannot be written: ${messageOf(error)}`;
    }
  };
  const isTimeRunning = (): boolean => core.live.all().length > 0 || core.live.waiting().length > 0;
  const armBeat = (): void => {
    cancelBeat = core.clock.schedule(BEAT_EVERY_MS, () => {
      armBeat();
      if (isBeating || !isTimeRunning()) return;
      isBeating = true;
      void beat(false).finally(() => {
        isBeating = false;
      });
    });
  };
  const progress = async (): Promise<void> => {
    if (trail === undefined || core.logId === undefined) return;
    const known = (await core.store.progress(core.logId))?.position ?? 0;
    if (known < kept && !isPutBack) {
      // The store was put back under our feet: the next start reads the log from where that store knows it to.
      isPutBack = true;
      position = known;
      core.tell("the store was put back to an earlier state while this gateway ran; start it again");
    }
    // What is under way later has its record behind this position; what was before is in the store.
    if (!isPutBack && core.busy === 0 && core.outbox.isIdle) position = trail.written();
    const now = position;
    await core.store.setProgress(core.logId, { position: now, seenAt: core.clock.wall() });
    kept = now;
  };
  const keepProgress = async (): Promise<void> => {
    try {
      await progress();
      storeFailure = undefined;
    } catch (error) {
      storeFailure = `the store cannot be written: ${messageOf(error)}`;
    }
  };
  const armProgress = (): void => {
    cancelProgress = core.clock.schedule(PROGRESS_EVERY_MS, () => {
      void keepProgress().finally(() => {
        if (!isStopped) armProgress();
      });
    });
  };

  return {
    start(from) {
      position = from;
      kept = from;
      isStopped = false;
      void beat(false);
      armBeat();
      armProgress();
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      cancelBeat?.();
      cancelProgress?.();
      await keepProgress();
      await beat(core.unkept.size === 0);
    },
    get unwritable() {
      return storeFailure ?? journalFailure;
    },
  };
}
