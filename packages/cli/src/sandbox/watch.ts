import { closeSync, type FSWatcher, lstatSync, openSync, readSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { MayflyError } from "@mayfly/sdk";
import type { Hidden } from "./bubblewrap.ts";
import { readMounts } from "./mounts.ts";
import { foldersAbove } from "./paths.ts";

/** How often it is looked where the system tells of no changes (milliseconds). */
const LOOK_EVERY = 500;

/** What watches a sandbox. */
export interface Watch {
  /** Rejects once something that was hidden is in sight. */
  readonly lost: Promise<never>;
  close(): void;
}

/**
 * Watches that what is hidden stays so. What covers a file lies on that file: where something outside puts another in its
 * place, as programs do that save a login, the cover is gone with the old one (mount_namespaces(7)).
 * @param pid a process in the sandbox that does not try to prevent it
 * @throws MayflyError sandbox_lost where something is in sight already
 */
export function watchCovers(pid: number, { files, folders }: Hidden): Watch {
  const paths = [...files, ...folders];
  // It stays readable, whatever becomes of the process.
  const mountinfo = openSync(`/proc/${pid}/mountinfo`, "r");
  const uncovered = (): string | undefined => {
    const covered = new Set(readMounts(readAll(mountinfo)).map(({ path }) => path));
    return paths.find((path) => !covered.has(path) && isThere(path));
  };
  const { promise: lost, reject } = Promise.withResolvers<never>();
  // Whoever starts the command waits for it later.
  lost.catch(() => undefined);
  let isClosed = false;
  const look = (): void => {
    const path = isClosed ? undefined : uncovered();
    if (path === undefined) return;
    close();
    reject(inSight(path));
  };
  const timer = setInterval(look, LOOK_EVERY).unref();
  const watchers = [...entriesOf(paths)].flatMap(([folder, names]) =>
    watchFolder(folder, (name) => {
      if (name === null || names.has(name)) look();
    }),
  );
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    clearInterval(timer);
    for (const watcher of watchers) watcher.close();
    closeSync(mountinfo);
  };
  const already = uncovered();
  if (already !== undefined) {
    close();
    throw inSight(already);
  }
  return { lost, close };
}

function inSight(path: string): MayflyError {
  return new MayflyError(
    "sandbox_lost",
    `--sandbox: ${path} was replaced by something outside, and what it holds now would be in sight: the command is ended`,
    { hint: "run it again: what is there when it starts is hidden" },
  );
}

/** The entries on the way to some paths, by the folder that has them: any may be replaced. */
function entriesOf(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const entries = new Map<string, Set<string>>();
  for (const path of paths.flatMap((each) => [...foldersAbove(each), each])) {
    const names = entries.get(dirname(path)) ?? new Set();
    entries.set(dirname(path), names.add(basename(path)));
  }
  return entries;
}

/** Watches a folder's entries; nothing where it cannot be (inotify(7)): then it is looked at every now and then. */
function watchFolder(folder: string, onChange: (name: string | null) => void): readonly FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, (kind, name) => {
      if (kind === "rename") onChange(name);
    });
    return [watcher.on("error", () => undefined)];
  } catch {
    return [];
  }
}

function readAll(descriptor: number): string {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const part = Buffer.alloc(64 * 1024);
    const count = readSync(descriptor, part, 0, part.length, at);
    if (count === 0) return Buffer.concat(parts).toString();
    parts.push(part.subarray(0, count));
    at += count;
  }
}

/** Whether there is something; what cannot be looked at may be. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
