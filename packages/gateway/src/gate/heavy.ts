import { REST_AFTER_WORK } from "./bounds.ts";

/** What has to be done on the thread that serves everybody, and takes longer than a turn of its loop should. */
export interface Heavy {
  /**
   * Does it when it is this one's turn.
   * @param key whose it is
   * @param place `next`: before whatever else of theirs waits, for what frees the memory that it works on
   */
  run<T>(key: string, work: () => T, place?: "last" | "next"): Promise<T>;
}

interface Line {
  readonly waiting: (() => void)[];
  /** When its next piece may begin, by `now`. */
  from: number;
}

/**
 * Makes turns for heavy work: one piece a turn of the event loop, those of different principals in turn, and after each
 * piece its principal rests for longer than it took. So nobody takes more than a third of the thread, however many
 * requests they send side by side.
 * @param now milliseconds, never stepping back
 */
export function createHeavy(now: () => number = () => performance.now()): Heavy {
  const lines = new Map<string, Line>();
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned) return;
    let soonest = Number.POSITIVE_INFINITY;
    for (const [key, line] of lines) {
      if (line.waiting.length > 0) soonest = Math.min(soonest, line.from);
      else if (line.from <= now()) lines.delete(key);
    }
    if (soonest === Number.POSITIVE_INFINITY) return;
    isPlanned = true;
    const ms = soonest - now();
    if (ms > 0) setTimeout(step, Math.ceil(ms));
    else setImmediate(step);
  };

  const step = (): void => {
    isPlanned = false;
    for (const [key, line] of lines) {
      if (line.from > now()) continue;
      const work = line.waiting.shift();
      if (work === undefined) continue;
      // Behind all the others.
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
