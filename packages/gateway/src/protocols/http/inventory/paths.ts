import { type Form, formOf } from "./forms.ts";
import type { SeenRequest } from "./request.ts";
import { thingsOf, varyingPart } from "./things.ts";
import { isOwnWord, isPrefix, isVersionBehind } from "./words.ts";

/** A segment of a template. */
export type Part =
  | { readonly kind: "word"; readonly raw: string }
  /** Whatever has a form. */
  | { readonly kind: "form"; readonly form: Form }
  /** One of some words. */
  | { readonly kind: "listed"; readonly words: readonly string[] }
  /** Any word. */
  | { readonly kind: "open"; readonly pattern: string; readonly seen: number }
  /** What a document says varies; `isOpen`: other words than those that were seen pass. */
  | {
      readonly kind: "named";
      readonly name: string;
      readonly pattern: string;
      readonly isOpen: boolean;
      readonly seen: number;
    };

/** Whether any word passes in a segment. */
export const isOpen = (part: Part): part is Extract<Part, { readonly seen: number }> =>
  part.kind === "open" || (part.kind === "named" && part.isOpen);

/** Whether a segment takes what was not seen: letters and digits in no order can be a word too. */
export const isWide = (part: Part): boolean => part.kind !== "word" && part.kind !== "listed";

/** A request, with how often it was seen. */
export interface PathItem {
  readonly request: SeenRequest;
  readonly times: number;
}

/** Requests whose paths one template covers. */
export interface PathGroup<Item> {
  readonly parts: readonly Part[];
  readonly items: readonly Item[];
}

/** Up to so many things are told apart by their words, each in a template of its own. */
const MAX_WORDS = 2;
/** So many forms that differ in their prefix alone stand side by side at a place; more are one. */
const MAX_ALIKE = 4;

/** Puts requests together by what of their paths varies. A segment of a path is never taken to vary without a collection before it. */
export function groupPaths<Item extends PathItem>(items: readonly Item[]): readonly PathGroup<Item>[] {
  return settle(items, []);
}

function settle<Item extends PathItem>(
  items: readonly Item[],
  parts: readonly Part[],
): readonly PathGroup<Item>[] {
  const at = parts.length;
  const ended = items.filter(({ request }) => request.segments.length === at);
  const further = items.filter(({ request }) => request.segments.length > at);
  const forms = new Map<string, { readonly form: Form; readonly items: Item[] }>();
  const words = new Map<string, Item[]>();
  for (const item of further) {
    const { raw, text } = item.request.segments[at] as SeenRequest["segments"][number];
    const form = isVersion(parts, text) ? undefined : formOf(text);
    if (form === undefined) {
      const known = words.get(raw);
      if (known === undefined) words.set(raw, [item]);
      else known.push(item);
    } else {
      const known = forms.get(form.name) ?? { form, items: [] };
      known.items.push(item);
      forms.set(form.name, known);
    }
  }
  intoForms(words, forms);
  return [
    ...(ended.length === 0 ? [] : [{ parts, items: ended }]),
    ...generalForms([...forms.values()]).flatMap(({ form, items: those }) =>
      settle(those, [...parts, { kind: "form", form }]),
    ),
    ...wordGroups(words, parts).flatMap(({ part, items: those }) => settle(those, [...parts, part])),
  ];
}

/** An id may look like a word by chance: what another value's form takes anyway is one of it. */
function intoForms<Item extends PathItem>(
  words: Map<string, Item[]>,
  forms: ReadonlyMap<string, { readonly form: Form; readonly items: Item[] }>,
): void {
  const patterns = [...forms.values()].map(({ form, items }) => ({
    takes: new RegExp(`^(?:${form.pattern})$`, "u"),
    items,
  }));
  for (const [word, items] of words) {
    const taking = isOwnWord(word)
      ? undefined
      : patterns.find(({ takes }) => takes.test(decodeURIComponent(word)));
    if (taking === undefined) continue;
    for (const item of items) taking.items.push(item);
    words.delete(word);
  }
}

/** Forms that differ in what stands before or behind their values, as one where they are many. */
function generalForms<Item>(
  forms: readonly { readonly form: Form; readonly items: readonly Item[] }[],
): readonly { readonly form: Form; readonly items: readonly Item[] }[] {
  return [...Map.groupBy(forms, ({ form }) => form.general?.name ?? form.name).values()].flatMap((alike) => {
    const general = alike[0]?.form.general;
    return general === undefined || alike.length <= MAX_ALIKE
      ? alike
      : [{ form: general, items: alike.flatMap(({ items }) => items) }];
  });
}

/** `/api/2/…`, `/v1.1/…`: the number is no id. */
const isVersion = (parts: readonly Part[], text: string): boolean => {
  const before = parts.at(-1);
  return (before === undefined || before.kind === "word") && isVersionBehind(before?.raw, text);
};

/**
 * A template for those of its requests that are there: words that vary are theirs alone, and not all that were seen at the place.
 * @param items some of those that the template was made for
 */
export const narrowed = (parts: readonly Part[], items: readonly PathItem[]): readonly Part[] =>
  parts.map((part, at) => (part.kind === "listed" || part.kind === "open" ? varyingPart(items, at) : part));

function wordGroups<Item extends PathItem>(
  words: ReadonlyMap<string, readonly Item[]>,
  parts: readonly Part[],
): readonly { readonly part: Part; readonly items: readonly Item[] }[] {
  const literal = (word: string): { readonly part: Part; readonly items: readonly Item[] } => ({
    part: { kind: "word", raw: word },
    items: words.get(word) ?? [],
  });
  const things = underCollection(parts) ? thingsOf(words, parts.length) : [];
  const isThing = new Set(things);
  const own = [...words.keys()].filter((word) => !isThing.has(word)).map(literal);
  if (things.length <= MAX_WORDS) return [...own, ...things.map(literal)];
  const items = things.flatMap((word) => words.get(word) ?? []);
  return [...own, { part: varyingPart(items, parts.length), items }];
}

/**
 * Whether words at a place may name things: behind a collection's word, or behind a word that varies itself. Behind a prefix
 * stand collections, and behind an id what there is of one thing.
 */
function underCollection(parts: readonly Part[]): boolean {
  const before = parts.at(-1);
  if (before === undefined) return false;
  return before.kind === "word" ? !isPrefix(before.raw) : before.kind === "open" || before.kind === "listed";
}
