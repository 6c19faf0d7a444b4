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
  /** When the next step is, and how to call it off. */
  let planned: { readonly at: number; readonly cancel: () => void } | undefined;

  const plan = (): void => {
    let soonest = Number.POSITIVE_INFINITY;
    for (const [key, line] of lines) {
      if (line.waiting.length > 0) soonest = Math.min(soonest, line.from);
      else if (line.from <= now()) lines.delete(key);
    }
    if (soonest === Number.POSITIVE_INFINITY || (planned !== undefined && planned.at <= soonest)) return;
    // Whoever has not to rest waits for nobody who has.
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
