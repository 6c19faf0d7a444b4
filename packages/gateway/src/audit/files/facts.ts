import { statSync, type Stats } from "node:fs";
import { messageOf } from "../../kernel/errors.ts";

/** What tells a file or folder from another, and from itself altered. */
export type Facts = Pick<
  Stats,
  "dev" | "ino" | "nlink" | "mode" | "uid" | "gid" | "size" | "mtimeMs" | "ctimeMs"
>;

/** How a file or folder is not what it was. */
export interface Difference {
  /** Relative to the log's folder; empty for the folder itself. */
  readonly place: string;
  readonly kind: "gone" | "unreadable" | "replaced" | "resized" | "mode" | "owner" | "altered";
  /** For people: `is gone`. */
  readonly words: string;
}

/** Whether it must be the same file or folder alone, or also have the size that is known. */
export type Strictness = "identity" | "size";

/** The facts of a path. @returns the difference when there are none */
export function factsOf(path: string, place: string): Facts | Difference {
  try {
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts ?? { place, kind: "gone", words: "is gone" };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    if (code === "ENOTDIR") return { place, kind: "gone", words: "is gone" };
    return { place, kind: "unreadable", words: `cannot be looked at: ${code}` };
  }
}

/** Tells a difference from facts. */
export function isDifference(value: Facts | Difference): value is Difference {
  return "kind" in value;
}

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

/**
 * How a path is not what it was; undefined when it is. Times are not judged here: see `timesDiffer`.
 * @param size what it must be, where it is not the size that it had
 */
export function differenceOf(
  place: string,
  before: Facts,
  now: Facts,
  strictness: Strictness,
  size = before.size,
): Difference | undefined {
  if (now.ino !== before.ino || now.dev !== before.dev || (now.mode ^ before.mode) & ~0o7777)
    return {
      place,
      kind: "replaced",
      words: `is not the one that was opened (inode ${now.ino} on device ${now.dev}; it was ${before.ino} on ${before.dev})`,
    };
  if (now.nlink === 0) return { place, kind: "gone", words: "is gone" };
  if (strictness !== "identity" && now.size !== size)
    return { place, kind: "resized", words: `has ${now.size} bytes where ${size} belong to the log` };
  if (now.mode !== before.mode)
    return { place, kind: "mode", words: `has mode ${octal(now.mode)}; it had ${octal(before.mode)}` };
  if (now.uid !== before.uid || now.gid !== before.gid)
    return {
      place,
      kind: "owner",
      words: `belongs to ${now.uid}:${now.gid}; it belonged to ${before.uid}:${before.gid}`,
    };
  return undefined;
}

/**
 * Whether only the content can tell that nothing was written. A new link, or a mode changed and put back, moves
 * `ctime` alone; so does whoever writes and puts `mtime` back.
 */
export function timesDiffer(before: Facts, now: Facts): boolean {
  return now.mtimeMs !== before.mtimeMs || now.ctimeMs !== before.ctimeMs;
}

/** The facts of a path that was there a moment ago. @throws Error when it is not */
export function mustFacts(path: string, place: string): Facts {
  const facts = factsOf(path, place);
  if (isDifference(facts)) throw new Error(`${path} ${facts.words}`);
  return facts;
}
