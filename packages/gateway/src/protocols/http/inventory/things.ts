import { formOf } from "./forms.ts";
import type { Part, PathItem } from "./paths.ts";
import type { SeenRequest } from "./request.ts";
import { isOwnWord, isWordLike } from "./words.ts";

/** So many words must have been seen before any other may pass too. */
const MIN_OPEN = 20;
/** More words than these are never listed. */
const MAX_LISTED = 200;
/**
 * Of all that was seen at a place, the share of words seen once estimates how likely the next one is a new word (I. J. Good,
 * "The population frequencies of species", Biometrika 40, 1953). From this on, words are taken to vary.
 */
const NEW_SHARE = 0.01;

/** What stands for the words of requests at a place: one word, a list, or any word where new ones keep coming. */
export function varyingPart(items: readonly PathItem[], at: number): Part {
  const times = new Map<string, number>();
  let all = 0;
  for (const { request, times: often } of items) {
    const word = request.segments[at]?.raw ?? "";
    times.set(word, (times.get(word) ?? 0) + often);
    all += often;
  }
  const words = [...times.keys()].toSorted();
  const [first] = words;
  if (first !== undefined && words.length === 1) return { kind: "word", raw: first };
  const once = [...times.values()].filter((often) => often === 1).length;
  const isOpen = words.length > MAX_LISTED || (words.length >= MIN_OPEN && once / all >= NEW_SHARE);
  return isOpen ? { kind: "open", pattern: patternOf(words), seen: words.length } : { kind: "listed", words };
}

/** Of the words at a place, those that name things of one kind: no words of the API's own, and used in no way of their own. */
export function thingsOf<Item extends PathItem>(
  words: ReadonlyMap<string, readonly Item[]>,
  at: number,
): readonly string[] {
  const plain = [...words].filter(([word]) => isWordLike(word) && !isOwnWord(word));
  const users = new Map<string, number>();
  const signs = new Map<string, ReadonlySet<string>>();
  for (const [word, items] of plain) {
    const own = new Set(items.map(({ request }) => signOf(request, at)));
    signs.set(word, own);
    for (const sign of own) users.set(sign, (users.get(sign) ?? 0) + 1);
  }
  return plain
    .filter(([word]) => [...(signs.get(word) ?? [])].every((sign) => (users.get(sign) ?? 0) > 1))
    .map(([word]) => word);
}

/** How a request uses the word at a place: its method, what follows on it, and its parameters. */
function signOf({ method, segments, parameters }: SeenRequest, at: number): string {
  const rest = segments
    .slice(at + 1)
    .map(({ raw, text }) => formOf(text)?.name ?? (isOwnWord(raw) ? raw : "*"));
  return JSON.stringify([method, rest, parameters.map(({ name }) => name).toSorted()]);
}

/** The narrowest pattern that takes all words, decoded as they are judged. */
export function patternOf(words: readonly string[]): string {
  const patterns = ["[a-z0-9]+(?:-[a-z0-9]+)*", "[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*", "[A-Za-z0-9._~-]+"];
  return (
    patterns.find((pattern) => words.every((word) => new RegExp(`^(?:${pattern})$`, "u").test(word))) ?? ".+"
  );
}
