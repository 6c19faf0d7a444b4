import { isOfCredentials, isOfSystem, isWide } from "./place-folders.ts";
import { reasons } from "./place-reasons.ts";
import {
  climbs,
  isOnlySegment,
  isPathSegment,
  isRandom,
  isToken,
  isUnseen,
  sharedOf,
} from "./place-segments.ts";
import { MAX_PLACE, type Place } from "./place.ts";

/** The most segments of a path that are its root. */
const MAX_SEGMENTS = 4;

/** Paths by how they begin: of the machine, a home, a folder that is told, a drive, a share. */
const form = /^(?:\/|~(?:$|[/\\]|[\w.-]+[/\\])|\.{1,2}(?:[/\\]|$)|[A-Za-z]:[/\\]|\\\\)/;

/** Whether a text is a path by itself, whatever it is given as. */
export function isPathForm(value: string): boolean {
  const text = value.trim();
  return text.length <= MAX_PLACE && form.test(text) && !/[\r\n\u2028\u2029]/u.test(text);
}

/** A path in parts. */
interface Read {
  /** What it begins with: empty for `/`; undefined: it is relative. */
  readonly base: string | undefined;
  readonly separator: "/" | "\\";
  readonly segments: readonly string[];
  /** Whether it ends with a separator, or says `.` alone. */
  readonly isFolder: boolean;
}

const split = (base: string | undefined, separator: Read["separator"], rest: string): Read => {
  const isFolder = rest === "" || rest.endsWith(separator);
  const segments = rest === "" ? [] : rest.slice(0, isFolder ? -1 : undefined).split(separator);
  return { base, separator, segments, isFolder };
};

/** Undefined: it can be read in two ways. */
function read(path: string): Read | undefined {
  const [, drive, sign] = /^([A-Za-z]:)([\\/])/.exec(path) ?? [];
  if (drive !== undefined) {
    const separator = sign === "\\" ? "\\" : "/";
    return path.includes(separator === "/" ? "\\" : "/") ? undefined : split(drive, separator, path.slice(3));
  }
  if (path.includes("\\") || path.startsWith("//")) return undefined;
  if (path.startsWith("/")) return split("", "/", path.slice(1));
  if (path.startsWith("~")) return /^~(?:\/|$)/.test(path) ? split("~", "/", path.slice(2)) : undefined;
  return split(undefined, "/", path === "." ? "" : path.replace(/^\.\//u, ""));
}

/** Why a path that can be read in one way should be given to nobody unasked; undefined: nothing speaks against it. */
function whyNot({ base, segments }: Read): string | undefined {
  const whole = [...(base === undefined ? [] : [base]), ...segments].join("/");
  if (base !== undefined && isOfSystem(whole)) return reasons.system;
  if (segments.some((segment) => /^\.[^.]/u.test(segment))) return reasons.hidden;
  if (isOfCredentials(segments)) return reasons.credentials;
  // The first folder of a relative path is always printed.
  const printed = base === undefined ? segments.slice(0, -1).slice(0, 1) : [];
  if (segments.some(isToken) || printed.some(isRandom)) return reasons.user;
  if (segments.some((segment) => /[*?[\]{}]/u.test(segment))) return reasons.many;
  return segments.every(isPathSegment) ? undefined : reasons.ambiguous;
}

/** Where a path leads to. @param isFolder whether it is that of a folder by the argument's name */
export function pathPlace(path: string, isFolder: boolean): Place {
  const refused = (why: string, root = ""): Place => ({ kind: "path", root, why });
  if (path.length > MAX_PLACE) return refused(reasons.long);
  if (climbs(path)) return refused(reasons.climbs);
  if (path.startsWith("\\\\")) return refused(reasons.connects);
  const found = isUnseen(path) ? undefined : read(path);
  if (found === undefined) return refused(reasons.ambiguous);
  const { base, separator, segments } = found;
  const isWhole = isFolder || found.isFolder;
  const folder = isWhole ? segments : segments.slice(0, -1);
  // What is in the folder that the server works in has no other root than its first folder.
  const shared = sharedOf(folder, MAX_SEGMENTS, base === undefined ? 1 : 0);
  const root = [...(base === undefined ? [] : [base]), ...shared].join(separator);
  const why = whyNot(found);
  if (why !== undefined) return refused(why, root);
  if (base !== undefined && isWide([base, ...shared].join("/"))) return refused(reasons.wide, root);
  if (root === "") {
    if (isWhole) return { kind: "path", root, takes: "itself" };
    return segments.every(isOnlySegment) ? { kind: "path", root } : refused(reasons.ambiguous);
  }
  return isWhole && shared.length === segments.length
    ? { kind: "path", root, takes: "itself and below" }
    : { kind: "path", root };
}
