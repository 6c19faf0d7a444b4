import { distance } from "fastest-levenshtein";

/**
 * The name that somebody probably meant.
 * @returns the nearest of `names` to `word`, or undefined when none is near enough to be worth saying
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const d = distance(word.toLowerCase(), name.toLowerCase());
    if (d < least) {
      least = d;
      best = name;
    }
  }
  return best;
}
