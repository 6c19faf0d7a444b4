import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * How often a share is given anew, microseconds. The kernel hands it out in pieces of 5 ms a core
 * (`sched_cfs_bandwidth_slice_us`): in a short period a helper thread's piece would be all there is.
 */
const PERIOD_US = 100_000;
const V1 = "/sys/fs/cgroup/cpu";
const V2 = "/sys/fs/cgroup";

/** A part of a core for a process with all its threads. */
export interface CpuShare {
  /** Microseconds in which it wanted to run and had used its share up (`throttled_time`, `throttled_usec`), so far. */
  throttled(): number;
  /** Gives the process the machine back. */
  end(): void;
}

/**
 * Gives a process a part of a core and no more: the kernel's bandwidth control, by a control group of its own
 * (cgroups(7); version 1 with its cpu controller, or version 2).
 * @param percent of one core
 * @throws Error where this user may make no control groups
 */
export function shareOf(pid: number, percent: number, name: string): CpuShare {
  const isFirst = existsSync(path.join(V1, "cpu.cfs_quota_us"));
  const root = isFirst ? V1 : V2;
  const group = path.join(root, `mayfly-bench-${process.pid}-${name}`);
  const quota = Math.round((PERIOD_US * percent) / 100);
  try {
    mkdirSync(group);
    if (isFirst) {
      writeFileSync(path.join(group, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(path.join(group, "cpu.cfs_quota_us"), String(quota));
    } else writeFileSync(path.join(group, "cpu.max"), `${quota} ${PERIOD_US}`);
    appendFileSync(path.join(group, "cgroup.procs"), String(pid));
  } catch (cause) {
    throw new Error(`no part of a core can be given here (${group}): run as root, with control groups`, {
      cause,
    });
  }
  return {
    throttled() {
      const text = readFileSync(path.join(group, "cpu.stat"), "utf8");
      const [, unit, value] = /^throttled_(time|usec) (\d+)$/m.exec(text) ?? [];
      return unit === "time" ? Number(value) / 1000 : Number(value ?? 0);
    },
    end() {
      if (existsSync(`/proc/${pid}`)) appendFileSync(path.join(root, "cgroup.procs"), String(pid));
      rmdirSync(group);
    },
  };
}
