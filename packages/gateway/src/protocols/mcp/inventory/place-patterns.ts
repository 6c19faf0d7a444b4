import { type Root, rootsOf, separatorOf } from "./place-roots.ts";
import { ONLY_SEGMENT, PATH_SEGMENT, QUERY, URI_SEGMENT } from "./place-segments.ts";
import type { Place } from "./place.ts";

const escaped = (text: string): string =>
  text.replaceAll(/[\\[\]^]/gu, String.raw`\$&`).replaceAll(/[.+*?(){}|$]/gu, "[$&]");

/** What stands behind a root, as a pattern. */
function tailOf({ kind, root, isItself, isBelow }: Root): string {
  if (!isBelow) return "";
  const times = isItself ? "*" : "+";
  if (kind === "uri" && !root.startsWith("file://"))
    return `(?:/${URI_SEGMENT})${times}/?${/^(?:https?|wss?):\/\/|^(?!.*:\/\/)/.test(root) ? QUERY : ""}`;
  const separator = escaped(separatorOf(root));
  return `(?:${separator}${PATH_SEGMENT})${times}${separator}?`;
}

/** What a root is as a pattern, without what stands behind it. */
function headOf({ kind, root }: Root): string {
  const isRelative = kind === "path" && !/^[/~]|^[A-Za-z]:[\\/]/.test(root);
  return `${isRelative ? "(?:[.]/)?" : ""}${escaped(root)}`;
}

/** The patterns of roots; what is alike behind them is said once. */
function patternsOf(roots: readonly Root[]): readonly string[] {
  const patterns: string[] = [];
  const named = roots.filter(({ root }) => root !== "");
  for (const [tail, alike] of Map.groupBy(named, tailOf)) {
    const heads = alike.map(headOf);
    patterns.push(`${heads.length === 1 ? heads.join("") : `(?:${heads.join("|")})`}${tail}`);
  }
  for (const { kind, isItself, isBelow } of roots.filter(({ root }) => root === "")) {
    if (isItself) patterns.push(kind === "path" ? "(?:[.]/?)?" : "");
    if (isBelow) patterns.push(`(?:[.]/)?${ONLY_SEGMENT}`);
  }
  return patterns;
}

const wordsOf = ({ kind, root }: Root): string => {
  if (root !== "") return root;
  return kind === "path" ? "the folder that the server works in" : "no address";
};

/**
 * The pattern that takes what is at some places, and nothing beside their roots; or why there is none.
 * @param places of one argument, in any order
 * @returns `roots`: each in words, for people
 */
export function patternOf(
  places: readonly Place[],
): { readonly pattern: string; readonly roots: readonly string[] } | { readonly why: string } {
  const [refusal] = places.flatMap(({ why }) => why ?? []).toSorted();
  if (refusal !== undefined) return { why: refusal };
  const roots = rootsOf(places);
  if (roots === undefined || roots.length === 0) return { why: "it reaches too many places" };
  const patterns = patternsOf(roots);
  return {
    pattern: patterns.length === 1 ? `^${patterns.join("")}$` : `^(?:${patterns.join("|")})$`,
    roots: [...new Set(roots.map(wordsOf))],
  };
}
