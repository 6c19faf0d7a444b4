/** All names that begin so, but those that one of `except` covers. */
export interface Pattern {
  readonly begins: string;
  readonly except?: readonly (string | Pattern)[];
}

/**
 * One part of what a scope permits: a name as it is; a pattern of names; or, in words, what an act must meet or what is kept
 * from it, of which each less lets more through.
 */
export type ReachPart = string | Pattern | { readonly meets: readonly string[] };

/** Whatever is there. As the last part it stands for all further ones too. */
export const ANYTHING: ReachPart = { begins: "" };

/** A bound: a larger one lets more through, and so does none. */
export interface Bound {
  readonly most: number;
  /** The same for people, with its unit. */
  readonly words: string;
}

/**
 * What a scope lets through, taken apart so that two scopes can be compared by whoever does not know the protocol. An act
 * needs one permit or several together, so a scope of which every permit is in another one lets no more through.
 */
export interface Reach {
  /** Each more lets more through: `["table", "public.orders", "select", "note"]`. */
  readonly permits: readonly (readonly ReachPart[])[];
  /** What every act must meet, or what is kept from each, in words: each less lets more through. */
  readonly demands: readonly string[];
  readonly bounds: Readonly<Record<string, Bound>>;
}

/** How one scope differs from another, in words. */
export interface ReachDifference {
  readonly more: readonly string[];
  readonly less: readonly string[];
}

const isPattern = (part: ReachPart | undefined): part is Pattern =>
  typeof part === "object" && "begins" in part;

/** `public.orders`, `public.*`, `any` */
function wordOf(part: ReachPart): string {
  if (typeof part === "string") return part;
  if (!isPattern(part)) return "";
  return part.begins === "" ? "any" : `${part.begins}*`;
}

/** `table public.orders select note` */
function wordsOf(parts: readonly ReachPart[]): string {
  return parts
    .map(wordOf)
    .filter((word) => word !== "")
    .join(" ");
}

/** Whether a part has names that an exception covers, and that the part itself does not except. */
function reaches(part: string | Pattern, excepted: string | Pattern): boolean {
  if (typeof part === "string") return lackingPart(excepted, part) !== undefined;
  const [mine, theirs] = [part.begins, isPattern(excepted) ? excepted.begins : excepted];
  const isNear = theirs.startsWith(mine) || (isPattern(excepted) && mine.startsWith(theirs));
  return isNear && !(part.except ?? []).some((each) => lackingPart(each, excepted)?.length === 0);
}

/** What stands between two parts: undefined where the wide one is about something else, none where it covers the other. */
function lackingPart(wide: ReachPart, narrow: ReachPart): readonly string[] | undefined {
  if (typeof wide === "string") return wide === narrow ? [] : undefined;
  if (!isPattern(wide))
    return typeof narrow === "string" || isPattern(narrow)
      ? undefined
      : wide.meets.filter((each) => !narrow.meets.includes(each));
  if (typeof narrow !== "string" && !isPattern(narrow)) return undefined;
  if (!(isPattern(narrow) ? narrow.begins : narrow).startsWith(wide.begins)) return undefined;
  return (wide.except ?? [])
    .filter((each) => reaches(narrow, each))
    .map((each) => `the exception of ${wordOf(each)}`);
}

function lacking(wide: readonly ReachPart[], narrow: readonly ReachPart[]): readonly string[] | undefined {
  const last = wide.at(-1);
  const isOpen = isPattern(last) && last.begins === "";
  if (isOpen ? narrow.length < wide.length : narrow.length !== wide.length) return undefined;
  const found = wide.map((part, index) => lackingPart(part, narrow[index] ?? ""));
  return found.some((each) => each === undefined)
    ? undefined
    : [...new Set(found.flatMap((each) => each ?? []))];
}

/** Words with digests that a person can look at. */
const shortened = (words: string): string => words.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/gu, "$1…");

type Permit = Reach["permits"][number];

/** Permits whose names stand at the same places, by those names. */
interface Alike {
  readonly places: readonly number[];
  readonly byNames: Map<string, Permit[]>;
}

/** Finds what stands between a permit and the nearest of many: undefined where none is near, none where one covers it. */
function nearestOf(permits: readonly Permit[]): (mine: Permit) => readonly string[] | undefined {
  const shapes = new Map<string, Alike>();
  const namesAt = (places: readonly number[], parts: Permit): string =>
    JSON.stringify(places.map((place) => parts[place] ?? null));
  for (const permit of permits) {
    const places = [...permit.keys()].filter((place) => typeof permit[place] === "string");
    const alike = shapes.get(places.join()) ?? { places, byNames: new Map<string, Permit[]>() };
    shapes.set(places.join(), alike);
    const names = namesAt(places, permit);
    const same = alike.byNames.get(names);
    if (same === undefined) alike.byNames.set(names, [permit]);
    else same.push(permit);
  }
  return (mine) =>
    [...shapes.values()]
      .flatMap(({ places, byNames }) => byNames.get(namesAt(places, mine)) ?? [])
      .map((theirs) => lacking(theirs, mine))
      .filter((each) => each !== undefined)
      .toSorted((one, other) => one.length - other.length)[0];
}

/** What of the first lets more through than the second. */
function beyond(one: Reach, other: Reach): readonly string[] {
  const lackingIn = nearestOf(other.permits);
  const found = one.permits
    .map((mine) => ({ words: wordsOf(mine), lacks: lackingIn(mine) }))
    .filter(({ lacks }) => lacks === undefined || lacks.length > 0);
  const added = found.filter(({ lacks }) => lacks === undefined).map(({ words }) => words);
  const loosened = Map.groupBy(
    found.filter(({ lacks }) => lacks !== undefined),
    ({ lacks }) => (lacks ?? []).join(" and "),
  );
  const permits = [
    ...added,
    ...Array.from(
      loosened,
      ([lacks, all]) => `${all.map(({ words }) => words).join(", ")} without ${shortened(lacks)}`,
    ),
  ];
  const demands = other.demands.filter((each) => !one.demands.includes(each));
  const bounds = Object.entries(other.bounds).flatMap(([name, { most, words }]) => {
    const mine = one.bounds[name];
    if (mine !== undefined && mine.most <= most) return [];
    return [`${name}: ${mine === undefined ? "no bound" : mine.words} in the place of ${words}`];
  });
  return [...permits, ...demands.map((each) => `without ${each}`), ...bounds];
}

/** Compares what two scopes of one protocol let through. */
export function compareReach(before: Reach, after: Reach): ReachDifference {
  return { more: beyond(after, before), less: beyond(before, after) };
}
