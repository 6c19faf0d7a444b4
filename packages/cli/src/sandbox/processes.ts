import { readdirSync, readFileSync } from "node:fs";

/** A process, and when it started: another one may get its number. */
export interface Process {
  readonly pid: number;
  readonly start: number;
}

/** A process's children, the eldest first (proc_pid_stat(5): 4 is the parent, 22 the start). */
function childrenOf(parent: number): readonly Process[] {
  const found: Process[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const fields = fieldsOf(pid);
    if (Number(fields?.[1]) === parent) found.push({ pid, start: Number(fields?.[19]) });
  }
  return found.toSorted((a, b) => a.start - b.start || a.pid - b.pid);
}

function fieldsOf(pid: number): readonly string[] | undefined {
  try {
    // Behind the name of the command, which may hold anything.
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ");
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/**
 * The first process of a sandbox's own, by the process that was started for it: the outer bwrap's child is the inner one,
 * whose child it is. All others of the sandbox end with it (pid_namespaces(7)). undefined where it has ended.
 */
export function firstWithin(outer: number): Process | undefined {
  const inner = childrenOf(outer)[0];
  return inner === undefined ? undefined : childrenOf(inner.pid)[0];
}

/** The command in a sandbox: the eldest that its first process has. */
export function commandWithin(outer: number): number | undefined {
  const first = firstWithin(outer);
  return first === undefined ? undefined : childrenOf(first.pid)[0]?.pid;
}

/** Whether a process is still the same one. */
export function isStill({ pid, start }: Process): boolean {
  return Number(fieldsOf(pid)?.[19]) === start;
}
