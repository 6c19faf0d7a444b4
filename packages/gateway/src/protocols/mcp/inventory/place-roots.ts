import { isOfSystem, isWide } from "./place-folders.ts";
import type { Place } from "./place.ts";

/** A root of places, and what is meant of it. */
export interface Root {
  readonly kind: Place["kind"];
  readonly root: string;
  readonly isItself: boolean;
  readonly isBelow: boolean;
}

/** The most roots that a pattern names: nobody reads more. */
const MAX_ROOTS = 10;

export const separatorOf = (root: string): "/" | "\\" => (/^[A-Za-z]:\\/.test(root) ? "\\" : "/");

/** What no shorter root is without: a host, a drive, a home. */
const baseOf = (root: string): string =>
  /^(?:file:\/\/|[a-z][a-z0-9+.-]*:\/\/[^/]*|~|[A-Za-z]:|)/.exec(root)?.[0] ?? "";

/** How many segments a root has behind its host, its drive or its home. */
function depthOf({ kind, root }: Root): number {
  const base = baseOf(root);
  const all = root.slice(base.length).split(separatorOf(root));
  const isBased = all[0] === "" || (kind === "uri" && base === "");
  return all.length - (isBased ? 1 : 0);
}

/** The folder above; undefined: it would be too wide. */
function parentOf(each: Root): Root | undefined {
  const { kind, root } = each;
  if (depthOf(each) < 1 || !each.isBelow) return undefined;
  const parent = root.slice(0, root.lastIndexOf(separatorOf(root)));
  const path = parent.replace(/^file:\/\//u, "").replaceAll("\\", "/");
  const isPath = kind === "path" || parent !== path;
  if (isPath && (parent === "" || !root.includes(separatorOf(root)) || isWide(path) || isOfSystem(path)))
    return undefined;
  return { kind, root: parent, isItself: false, isBelow: true };
}

/** Each root once, without what is in another. Files of no folder are in no folder's root. */
function outermost(all: readonly Root[]): readonly Root[] {
  const merged = [...Map.groupBy(all, ({ kind, root }) => `${kind} ${root}`).values()].flatMap((same) => {
    const [first] = same;
    const isItself = same.some((each) => each.isItself);
    const isBelow = same.some((each) => each.isBelow);
    return first === undefined ? [] : [{ ...first, isItself, isBelow }];
  });
  const isIn = (one: Root, other: Root): boolean =>
    other.isBelow &&
    other.root !== "" &&
    one.kind === other.kind &&
    one.root.startsWith(`${other.root}${separatorOf(other.root)}`);
  return merged.filter((one) => !merged.some((other) => isIn(one, other)));
}

/** The few roots of places, in order; undefined: they have none that say anything. */
export function rootsOf(places: readonly Place[]): readonly Root[] | undefined {
  let roots = outermost(
    places.map(({ kind, root, takes }) => ({
      kind,
      root,
      isItself: takes !== undefined,
      isBelow: takes !== "itself",
    })),
  );
  while (roots.length > MAX_ROOTS) {
    const deepest = Math.max(...roots.map(depthOf));
    const shorter = roots.map((each) => (depthOf(each) === deepest ? parentOf(each) : each));
    if (shorter.includes(undefined)) return undefined;
    roots = outermost(shorter.filter((each) => each !== undefined));
  }
  return roots.toSorted((one, other) => {
    const [first, second] = [`${one.kind} ${one.root}`, `${other.kind} ${other.root}`];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}
