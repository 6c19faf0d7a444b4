import { REST_AFTER_WORK } from "../bounds.ts";

/** Work that runs on the main thread and takes longer than a turn of its event loop should. */
export interface HeavyWork {
  /**
   * Runs the work when its turn comes.
   * @param key the principal that the work is for
   * @param place `next`: ahead of the principal's other waiting work, for work that frees the memory of the rest
   */
  run<T>(key: string, work: () => T, place?: "last" | "next"): Promise<T>;
}

interface Line {
  readonly waiting: (() => void)[];
  /** The earliest time of its next piece, by `now`. */
  from: number;
}

/**
 * Schedules heavy work fairly: one piece a turn of the event loop, the principals in turn. After each piece its
 * principal rests for longer than the piece took, so that nobody takes more than a third of the thread, however many
 * requests they send at once.
 * @param now milliseconds, never stepping back
 */
export function createHeavyWork(now: () => number = () => performance.now()): HeavyWork {
  const lines = new Map<string, Line>();
  /** The scheduled next step, and how to cancel it. */
  let planned: { readonly at: number; readonly cancel: () => void } | undefined;

  const plan = (): void => {
    let soonest = Number.POSITIVE_INFINITY;
    for (const [key, line] of lines) {
      if (line.waiting.length > 0) soonest = Math.min(soonest, line.from);
      else if (line.from <= now()) lines.delete(key);
    }
    if (soonest === Number.POSITIVE_INFINITY || (planned !== undefined && planned.at <= soonest)) return;
    // A principal that need not rest waits for none that must.
    planned?.cancel();
    const ms = soonest - now();
    if (ms > 0) {
      const timer = setTimeout(step, Math.ceil(ms));
      planned = { at: soonest, cancel: () => clearTimeout(timer) };
    } else {
      const immediate = setImmediate(step);
      planned = { at: soonest, cancel: () => clearImmediate(immediate) };
    }
  };

  const step = (): void => {
    planned = undefined;
    for (const [key, line] of lines) {
      if (line.from > now()) continue;
      const work = line.waiting.shift();
      if (work === undefined) continue;
      // To the end of the queue.
      lines.delete(key);
      lines.set(key, line);
      const began = now();
      work();
      line.from = now() + (now() - began) * REST_AFTER_WORK;
      break;
    }
    plan();
  };

  return {
    run: (key, work, place = "last") =>
      new Promise((resolve, reject) => {
        const line = lines.get(key) ?? { waiting: [], from: 0 };
        lines.set(key, line);
        const piece = (): void => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        };
        if (place === "next") line.waiting.unshift(piece);
        else line.waiting.push(piece);
        plan();
      }),
  };
}
