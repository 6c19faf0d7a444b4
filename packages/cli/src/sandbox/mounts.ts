import { isWithin } from "./paths.ts";

/** A mounted file system, or a part of one (proc_pid_mountinfo(5)). */
interface Mount {
  /** Which file system. */
  readonly device: string;
  /** Its part that is to be seen here. */
  readonly root: string;
  readonly path: string;
  readonly kind: string;
}

/** What is mounted, as /proc/PID/mountinfo has it; what lies above others comes later. */
export function readMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", behind = ""] = line.split(" - ");
    const [, , device = "", root = "", path = ""] = before.split(" ").map(plain);
    return path === "" ? [] : [{ device, root, path, kind: behind.split(" ")[0] ?? "" }];
  });
}

/** A path without the octal codes of its blanks and backslashes. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

/** Kinds of file systems in which the kernel can be told something. */
const KERNELS = /^(?:proc|sysfs|cgroup2?|debugfs|tracefs|securityfs|configfs|bpf|devtmpfs|devpts|mqueue)$/;

/** Where file systems of the kernel are mounted: root could change the host by them. */
export function kernelMounts(mounts: readonly Mount[]): readonly string[] {
  return mounts.filter(({ kind }) => KERNELS.test(kind)).map(({ path }) => path);
}

/** The other paths by which a file or folder may be seen, since its file system is mounted more than once. */
export function otherPaths(path: string, mounts: readonly Mount[]): readonly string[] {
  const lengths = mounts.map((mount) => (isWithin(path, [mount.path]) ? mount.path.length : -1));
  const own = mounts[lengths.lastIndexOf(Math.max(...lengths))];
  if (own === undefined) return [];
  const inside = below(own.root, path, own.path);
  const others = mounts.filter(
    (mount) => mount !== own && mount.device === own.device && isWithin(inside, [mount.root]),
  );
  return others.map((mount) => below(mount.path, inside, mount.root));
}

/** Where a path that lies in one folder lies in another. */
function below(folder: string, path: string, from: string): string {
  const rest = from === "/" ? path : path.slice(from.length);
  return folder === "/" ? rest || "/" : `${folder}${rest === "/" ? "" : rest}`;
}
