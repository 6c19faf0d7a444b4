/** What is counted of a value: characters of texts, or members of arrays, objects and shapes. */
export type Counted = "characters" | "members";

/** How long a value that the database stores is taken to be: 2 MB. A member takes at least 4 bytes: an integer, say. */
export const STORED: Readonly<Record<Counted, number>> = { characters: 2_000_000, members: 500_000 };
/** How long one may be that the statement makes (memutils.h, MaxAllocSize; array.h, MaxArraySize). */
export const MADE: Readonly<Record<Counted, number>> = { characters: 1_000_000_000, members: 134_217_727 };
/** How long a number may be that a short one makes: `1e131071` (numeric.c). */
export const LONGEST_NUMBER = 150_000;

/** An exponent as PostgreSQL reads one: `1.e9`, `1e-9`, `1e1_000`. */
const exponent = /[\d.]e[+-]?(\d[\d_]*)/giu;

/** How much longer the numbers in a text may be than they are written: `1e99` has a hundred digits. */
export function digitsBeyond(text: string): number {
  const each = [...text.matchAll(exponent)].map(([, digits = ""]) => Number(digits.replaceAll("_", "")));
  return each.reduce((sum, digits) => sum + Math.min(digits, LONGEST_NUMBER), 0);
}

/** How long a value is at most: as a text its characters, and what members it may have. */
export interface Size extends Readonly<Record<Counted, number>> {
  /** The parameters that are in it, by number from 1, which are not counted above; and how often as long it is, and how often they are in it. */
  readonly parameters: ReadonlySet<number>;
  readonly times: number;
  readonly uses: number;
  readonly isArray: "yes" | "no" | "maybe";
}

/** How long the columns of an item of FROM are: one by its name, or any of them. */
export type Sizes = (column: string | undefined) => Size;

const none: ReadonlySet<number> = new Set();

/** A value of at most so many characters, and so many members where that is known. */
export const exactly = (characters: number, members = Math.ceil(characters / 2)): Size => ({
  characters,
  members,
  parameters: none,
  times: 0,
  uses: 0,
  isArray: "no",
});
/** One that the database stores; one that may be as long as any; and one of a short type. */
export const stored: Size = exactly(STORED.characters, STORED.members);
export const made: Size = { ...exactly(MADE.characters, MADE.members), isArray: "maybe" };
export const short: Size = exactly(255, 1);

/** A value that is passed. @param number from 1 */
export const passed = (number: number): Size => ({
  characters: 0,
  members: 0,
  parameters: new Set([number]),
  times: 1,
  uses: 1,
  isArray: "maybe",
});

/** How many characters or members it has at most. @param longest how many each parameter has */
export function figureOf(size: Size, of: Counted, longest: number): number {
  const times = of === "characters" ? size.times : size.uses;
  return Math.min(MADE[of], size[of] + times * longest);
}

const allOf = (sizes: readonly Size[]): ReadonlySet<number> =>
  sizes.every(({ times }) => times === 0) ? none : new Set(sizes.flatMap((size) => [...size.parameters]));

function areArrays([first, ...more]: readonly Size[]): Size["isArray"] {
  if (first === undefined) return "no";
  return more.every(({ isArray }) => isArray === first.isArray) ? first.isArray : "maybe";
}

/** Values put together. */
export function together(sizes: readonly Size[]): Size {
  const sum = (of: Counted | "times" | "uses"): number => sizes.reduce((all, size) => all + size[of], 0);
  return {
    characters: sum("characters") + sizes.length,
    members: sum("members"),
    parameters: allOf(sizes),
    times: sum("times"),
    uses: sum("uses"),
    isArray: areArrays(sizes),
  };
}

/** One of several values. */
export function oneOf(sizes: readonly Size[]): Size {
  const most = (of: Counted | "times" | "uses"): number =>
    sizes.reduce((all, size) => Math.max(all, size[of]), 0);
  return {
    characters: most("characters"),
    members: most("members"),
    parameters: allOf(sizes),
    times: most("times"),
    uses: most("uses"),
    isArray: areArrays(sizes),
  };
}

/** A value that many times as long. */
export function longer(size: Size, by: number): Size {
  return { ...size, characters: size.characters * by, times: size.times * by };
}

/** A value that is cut to so many characters; of a negative number it loses as many. */
export function cut(size: Size, characters: number): Size {
  if (characters < 0) return size;
  return figureOf(size, "characters", MADE.characters) <= characters ? size : exactly(characters);
}

/** The same, each column asked for once. */
export function remembered(sizes: Sizes): Sizes {
  const known = new Map<string | undefined, Size>();
  return (column) => {
    const found = known.get(column) ?? sizes(column);
    known.set(column, found);
    return found;
  };
}

/** An item's columns under the names of an alias's list, from the first on. @param columns undefined: not all are known */
export function renamedSizes(
  sizes: Sizes,
  aliases: readonly string[],
  columns: readonly (string | undefined)[] | undefined,
): Sizes {
  if (aliases.length === 0) return sizes;
  return (column) => sizes(column === undefined ? undefined : columns?.[aliases.indexOf(column)]);
}
