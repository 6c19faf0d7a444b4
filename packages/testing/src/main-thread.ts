import { readFileSync } from "node:fs";

/**
 * CPU time of a process's main thread so far, milliseconds: in Node the thread that serves everybody. From
 * /proc/PID/task/PID/schedstat, whose first number is nanoseconds (Linux, "Scheduler Statistics"); the kernel adds to it
 * a few milliseconds late while the thread runs without a break.
 * @throws Error when there is no such process
 */
export function mainThreadMs(pid: number): number {
  const [ran = ""] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return Number(ran) / 1e6;
}
