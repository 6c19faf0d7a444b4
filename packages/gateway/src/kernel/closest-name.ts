import { distance } from "fastest-levenshtein";

/** Maximum number of names that a hint lists: whoever mistyped one of fifty reads no more. */
const MAX_HINTED_NAMES = 3;

/** The names by how far they are from a word, nearest first. */
function ranked(
  word: string,
  names: Iterable<string>,
): readonly { readonly name: string; readonly apart: number }[] {
  return [...new Set(names)]
    .map((name) => ({ name, apart: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.apart - b.apart);
}

/** How far a name may be from a word that was meant to be it. */
const farthest = (word: string): number => Math.max(2, Math.floor(word.length / 3));

/**
 * The name that was probably meant.
 * @returns the name closest to `word`, or undefined when none is close enough to suggest
 */
export function closestName(word: string, names: Iterable<string>): string | undefined {
  const [best] = ranked(word, names);
  return best === undefined || best.apart > farthest(word) ? undefined : best.name;
}

/**
 * What to say of a word that is none of the names: which were probably meant, all that are equally close, or the nearest of
 * those that are known; three at most. Undefined where there are no names.
 */
export function nameHint(word: string, names: Iterable<string>, known = "known"): string | undefined {
  const all = ranked(word, names);
  const [best] = all;
  if (best === undefined) return undefined;
  const nearest = all.slice(0, MAX_HINTED_NAMES);
  if (best.apart <= farthest(word)) {
    const meant = nearest.filter(({ apart }) => apart === best.apart).map(({ name }) => name);
    const last = meant.pop() ?? best.name;
    return `did you mean ${meant.length === 0 ? last : `${meant.join(", ")} or ${last}`}?`;
  }
  const more = all.length - nearest.length;
  return `${known}: ${nearest.map(({ name }) => name).join(", ")}${more === 0 ? "" : `, and ${more} more`}`;
}
