import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../median.ts";

/** What runs at one size, and how it is counted. */
export interface Cost {
  /** Whose CPU counts: this thread's, or the whole process's where threads do the work; this thread's when left out. */
  readonly whose?: "thread" | "process";
  /** @param at counts up over all rounds */
  readonly run: (at: number) => unknown;
}

const ROUNDS = 5;
/** The kernel counts CPU in ticks: so much of it, or so much time, is one round. Milliseconds. */
const ROUND_CPU_MS = 100;
const ROUND_MS = 2000;
/** Runs between two looks at the clocks. */
const AT_ONCE = 10;

/** CPU that was used since an earlier look, microseconds, user and kernel. */
export function cpuClock(whose: Cost["whose"] = "thread"): () => number {
  const used = (): number => {
    const { user, system } = whose === "thread" ? process.threadCpuUsage() : process.cpuUsage();
    return user + system;
  };
  const before = used();
  return () => used() - before;
}

/** CPU of one run, microseconds: the median of five rounds after one that warms up. */
export async function cpuOf({ whose, run }: Cost): Promise<number> {
  const took: number[] = [];
  let at = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const used = cpuClock(whose);
    const ends = performance.now() + ROUND_MS;
    const begun = at;
    while (used() < ROUND_CPU_MS * 1000 && performance.now() < ends) {
      for (let done = 0; done < AT_ONCE && performance.now() < ends; done += 1) {
        const answer = run((at += 1));
        if (answer instanceof Promise) await answer;
      }
    }
    if (round > 0) took.push(used() / (at - begun));
  }
  return median(took);
}

/** Runs with a folder of its own, which is removed afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-growth-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One turn of the event loop. */
export const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
