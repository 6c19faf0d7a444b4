import { mkdirSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MayflyError } from "@mayfly/sdk";
import { searchAll } from "../probe/credentials/find.ts";
import type { Surroundings } from "../probe/credentials/found.ts";
import { loginFolder, profileNames } from "../profile.ts";
import type { Hidden } from "./bubblewrap.ts";
import { kernelMounts, otherPaths, readMounts } from "./mounts.ts";
import { isWithin } from "./paths.ts";

/** What a sandboxed command does not see. */
export interface Standing {
  readonly hidden: Hidden;
  /** Variables of the environment that hold a login, or name a proxy. */
  readonly variables: ReadonlySet<string>;
}

/**
 * Finds what to hide: all that `mayfly probe` would find here, what it could not read, mayfly's own logins, and the keys
 * and tokens that those name.
 * @param all from where to look: there may be more than one home folder
 * @throws MayflyError sandbox_unavailable where there is too much to look at: something would be left in sight
 */
export async function findStanding(all: readonly Surroundings[]): Promise<Standing> {
  const found = await Promise.all(all.map(lookAround));
  const mounts = readMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  const holders = found.flatMap((each) => each.holders);
  return {
    hidden: coversOf([...holders, ...ofLogins(), ...kernelMounts(mounts)], mounts),
    variables: new Set(found.flatMap((each) => each.variables)),
  };
}

async function lookAround(
  surroundings: Surroundings,
): Promise<{ readonly holders: readonly string[]; readonly variables: readonly string[] }> {
  const search = await searchAll(surroundings);
  const { credentials, proxies, unread } = search.found();
  const holders = search.holders();
  if (holders === undefined)
    throw new MayflyError(
      "sandbox_unavailable",
      "--sandbox: there is more here than can be looked through for standing credentials, and none may be left in sight",
      {
        hint: `mayfly probe says what (${unread.find(({ why }) => why.startsWith("only the"))?.place ?? "more than it keeps"}); run it from a folder with less in it`,
      },
    );
  const places = [...credentials, ...proxies, ...unread].map(({ place }) => place);
  return {
    holders,
    variables: places.flatMap((place) => /^environment variable (\S+)/.exec(place)?.[1] ?? []),
  };
}

/** mayfly's logins, and the files that they name but for the CA's. */
function ofLogins(): readonly string[] {
  const folder = loginFolder();
  try {
    // A login that is saved later is hidden, too.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // A home that cannot be written to: none is saved.
  }
  return [folder, ...profileNames().flatMap((name) => namedIn(join(folder, `${name}.json`)))];
}

/** The files that a login names, wherever in it. */
function namedIn(path: string): readonly string[] {
  const paths: string[] = [];
  try {
    JSON.parse(readFileSync(path, "utf8"), (key, value: unknown) => {
      if (key !== "ca" && typeof value === "string" && value.startsWith("/")) paths.push(value);
      return value;
    });
  } catch {
    // No login: whatever it is, it lies in a folder that is hidden.
  }
  return paths;
}

/** What a sandbox has of its own. */
export const OWN: readonly string[] = ["/dev", "/proc", "/sys"];

/**
 * What has to be covered so that none of these can be read: the real files and folders, those in folders left out.
 * @throws MayflyError sandbox_unavailable where one has another name, which nothing tells
 */
function coversOf(paths: readonly string[], mounts: ReturnType<typeof readMounts>): Hidden {
  const [files, folders] = [new Map<string, Stats>(), new Set<string>()];
  const add = (path: string): void => {
    const stats = statSync(path);
    if (stats.isDirectory()) folders.add(path);
    else if (stats.isFile()) files.set(path, stats);
  };
  for (const path of paths) {
    const found = realOf(path);
    // The sandbox has these of its own.
    if (found === undefined || isWithin(found, OWN)) continue;
    add(found);
    const within = mounts.map((mount) => mount.path).filter((each) => isWithin(each, [found]));
    for (const one of [found, ...within])
      for (const other of otherPaths(one, mounts)) if (isSame(one, other)) add(other);
  }
  checkNames(files);
  const outer = [...folders].filter((path) => !isWithin(dirname(path), folders));
  return {
    folders: outer.toSorted(),
    files: [...files.keys()].filter((path) => !isWithin(path, folders)).toSorted(),
  };
}

/** Whether two paths lead to one file or folder: something else may be mounted above it. */
function isSame(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

/** Refuses files of which more names exist than are to be hidden (link(2)). */
function checkNames(files: ReadonlyMap<string, Stats>): void {
  const idOf = ({ dev, ino }: Stats): string => `${dev} ${ino}`;
  const counted = Map.groupBy(files.values(), idOf);
  for (const [path, stats] of files)
    if (stats.nlink > (counted.get(idOf(stats))?.length ?? 0))
      throw new MayflyError(
        "sandbox_unavailable",
        `--sandbox: ${path} holds a login and has another name (a hard link), by which it would be in sight`,
        { hint: `find it with: find / -xdev -samefile ${path}; remove it, or run without --sandbox` },
      );
}

/** The real path of what is there; of what nobody may look into, the folder that is shut. */
function realOf(path: string): string | undefined {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    try {
      return realpathSync(at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      // Whoever owns a folder can open it again.
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENAMETOOLONG")
        return undefined;
    }
  }
  return undefined;
}
