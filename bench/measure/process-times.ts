import { readdirSync, readFileSync } from "node:fs";

/** CPU time, microseconds: in the process's own code, and in the kernel on its behalf. */
export interface CpuTimes {
  readonly user: number;
  readonly kernel: number;
}

/** What /proc counts times in: Linux shows every program a hundredth of a second (USER_HZ, time(7)). */
const TICK_US = 10_000;

export const noTimes: CpuTimes = { user: 0, kernel: 0 };

export const addTimes = (a: CpuTimes, b: CpuTimes): CpuTimes => ({
  user: a.user + b.user,
  kernel: a.kernel + b.kernel,
});

/** A process's own times, and those of its children that have ended and were waited for (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly own: CpuTimes;
  readonly ended: CpuTimes;
}

/** Reads /proc/PID/stat. @throws Error when it is not of that form */
export function parseStat(text: string): ProcessStat {
  // The name in parentheses may hold spaces and parentheses: what follows its last one is the third field.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, kernel, endedUser, endedKernel] = fields.slice(11, 15).map((ticks) => Number(ticks) * TICK_US);
  if (user === undefined || kernel === undefined || endedUser === undefined || endedKernel === undefined)
    throw new Error(`no process's stat: ${text}`);
  if ([user, kernel, endedUser, endedKernel].some(Number.isNaN))
    throw new Error(`no process's stat: ${text}`);
  return { own: { user, kernel }, ended: { user: endedUser, kernel: endedKernel } };
}

/** Resident memory in /proc/PID/status, bytes. @throws Error when it is not of that form */
export function parseResidentMemory(text: string): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(text);
  if (match === null) throw new Error(`no process's status: ${text}`);
  return Number(match[1]) * 1024;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

/** Whether an error says that the process has ended meanwhile. */
const isGone = (error: unknown): boolean =>
  ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");

/** CPU time of a process so far, with all its threads and its children, ended or not; none when it has ended. */
export function treeTimes(pid: number): CpuTimes {
  try {
    const { own, ended } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return childrenOf(pid).map(treeTimes).reduce(addTimes, addTimes(own, ended));
  } catch (error) {
    if (isGone(error)) return noTimes;
    throw error;
  }
}

/** CPU time of a process's first thread alone so far: in Node the one that runs the program's JavaScript. */
export const mainThreadTimes = (pid: number): CpuTimes =>
  parseStat(readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8")).own;

/** Resident memory of a process without its children, bytes. */
export const residentMemory = (pid: number): number =>
  parseResidentMemory(readFileSync(`/proc/${pid}/status`, "utf8"));
