import { commandMatches } from "../request/glob.ts";
import { isShowable, maybeSecret, partsOf, type Part } from "./arguments.ts";
import { ANY_OPTION, LETS_THROUGH, NOT_COMPARED, NOT_COVERED, TOO_MANY } from "./command-reasons.ts";
import { isFamiliar } from "./familiar.ts";
import { programOf } from "./programs.ts";

export { shownCommand } from "./arguments.ts";

/** A command that was run, with whatever its caller wants back. */
export interface SeenCommand<T> {
  readonly argv: readonly string[];
  readonly of: T;
}

/** What to grant, and the commands that it is for. */
export interface CommandPattern<T> {
  readonly pattern: readonly string[];
  readonly of: readonly T[];
}

/** What to grant only after a person's look. */
export interface CommandApart<T> {
  readonly reason: string;
  /** What would cover it; left out: nobody should be shown it. */
  readonly pattern?: readonly string[];
  /** Nothing speaks against it but how many others there are. */
  readonly isTooMany?: true;
  readonly of: readonly T[];
}

/** The same command, however often it was seen. */
type Command<T> = SeenCommand<readonly T[]>;

/** Commands under one pattern. */
interface Group<T> {
  readonly pattern: readonly string[];
  readonly commands: readonly Command<T>[];
}

interface Apart<T> extends Omit<CommandApart<T>, "of"> {
  readonly commands: readonly Command<T>[];
}

interface Sorted<T> {
  readonly patterns: readonly Group<T>[];
  readonly apart: readonly Apart<T>[];
}

/** So many commands that differ in short numbers are written out. */
const WRITTEN_OUT = 20;
/** So many patterns of one program are for a person to read. */
const PER_PROGRAM = 100;
/** So many patterns of all programs. */
const ALL_TOGETHER = 300;
/** So many arguments, and characters in all of them, can be read. */
const ARGUMENTS = 200;
const CHARACTERS = 4000;
/** So often a pattern is held against a command. */
const COMPARISONS = 2_000_000;

/** Whether a pattern stands for more commands than one. */
export const hasVarying = (pattern: readonly string[]): boolean =>
  pattern.some((argument) => argument.includes("*"));

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const keyOf = (argv: readonly string[]): string => JSON.stringify(argv);
const ofAll = <T>(commands: readonly Command<T>[]): readonly T[] => commands.flatMap(({ of }) => of);

/** Why a command is not to be granted as it stands; `shown`: whether people may see it. */
function whyApart(argv: readonly string[]): { readonly reason: string; readonly shown: boolean } | undefined {
  const hidden = (reason: string) => ({ reason, shown: false });
  if (argv.length === 0) return hidden("it is empty");
  const length = argv.reduce((sum, argument) => sum + argument.length, 0);
  if (argv.length > ARGUMENTS || length > CHARACTERS) return hidden("too long to read");
  if (argv.includes("")) return hidden("an empty argument cannot be granted");
  if (argv.some((argument) => argument.includes("\0")))
    return hidden("an argument with a NUL cannot be granted");
  if (argv.some((_, at) => maybeSecret(argv, at))) return hidden("an argument may be somebody's secret");
  const { reason } = programOf(argv);
  const isShown = argv.every(isShowable);
  if (argv.some((argument) => argument.includes("*")))
    return hidden(reason ?? "it holds a *, which would stand for anything");
  if (reason !== undefined) return { reason, shown: isShown };
  return isShown ? undefined : hidden("an argument is a text that cannot be shown");
}

/** The arguments of a command in parts; the program, and what it is run by, are literal. */
function partsOfCommand(argv: readonly string[]): readonly (readonly Part[])[] {
  const { at, literal, reaching } = programOf(argv);
  return argv.map((text, index) =>
    index <= at || literal ? [{ text, varies: "never" }] : partsOf(text, reaching),
  );
}

/** The pattern of a command, in which `*` stands for each part that `isAny`. */
const written = (
  parts: readonly (readonly Part[])[],
  isAny: (part: Part, argument: number, at: number) => boolean,
): readonly string[] =>
  parts.map((argument, index) =>
    argument.map((part, at) => (isAny(part, index, at) ? "*" : part.text)).join(""),
  );

const isFormed = ({ varies }: Part): boolean => varies === "formed";
const isNumber = ({ varies }: Part): boolean => varies === "number" || varies === "option";

/** What stands for all argvs that get the same pattern whatever else is seen; bounded in length by the caller. */
export const commandLikeness = (argv: readonly string[]): string =>
  whyApart(argv) === undefined
    ? `like ${keyOf(written(partsOfCommand(argv), isFormed))}`
    : `just ${keyOf(argv)}`;

/** Groups by a pattern's text. */
function grouped<T>(
  commands: readonly Command<T>[],
  patternOf: (command: Command<T>) => readonly string[],
): readonly Group<T>[] {
  const all = commands.map((command) => ({ command, pattern: patternOf(command) }));
  return [...Map.groupBy(all, ({ pattern }) => keyOf(pattern)).values()].map((each) => ({
    pattern: each[0]?.pattern ?? [],
    commands: each.map(({ command }) => command),
  }));
}

/** What is the same for commands that differ in formed parts and short numbers only; no argument has a `*` of its own. */
const skeletonOf = ({ argv }: Command<unknown>): readonly string[] =>
  partsOfCommand(argv).map((argument) =>
    argument.map((part) => (isNumber(part) ? "*n" : isFormed(part) ? "*f" : part.text)).join(""),
  );

/** The patterns of commands that have the same skeleton. */
function widened<T>(commands: readonly Command<T>[]): Sorted<T> {
  const parts = new Map(commands.map((command) => [command, partsOfCommand(command.argv)]));
  const by = (isAny: (part: Part, argument: number, at: number) => boolean): readonly Group<T>[] =>
    grouped(commands, (command) => written(parts.get(command) ?? [], isAny));
  const literal = by(isFormed);
  if (literal.length <= WRITTEN_OUT) return { patterns: literal, apart: [] };
  const [first = []] = parts.values();
  const differing = new Set<string>();
  for (const each of parts.values())
    for (const [index, argument] of each.entries())
      for (const [at, { text }] of argument.entries())
        if (text !== first[index]?.[at]?.text) differing.add(`${index} ${at}`);
  const differs = (index: number, at: number): boolean => differing.has(`${index} ${at}`);
  const safe = by((part, index, at) => isFormed(part) || (part.varies === "number" && differs(index, at)));
  if (safe.length <= WRITTEN_OUT) return { patterns: safe, apart: [] };
  const wide = by((part, index, at) => isFormed(part) || (isNumber(part) && differs(index, at)));
  return { patterns: [], apart: wide.map((group) => ({ ...group, reason: ANY_OPTION })) };
}

/** One group for each pattern, also where one command has a date and others a number in its place. */
function merged<T>(groups: readonly Group<T>[]): readonly Group<T>[] {
  const patterns = new Map(groups.flatMap((group) => group.commands.map((each) => [each, group.pattern])));
  return grouped([...patterns.keys()], (command) => patterns.get(command) ?? command.argv);
}

/** What is left for people to read of the patterns of each program: what was seen most. */
function readable<T>(groups: readonly Group<T>[]): Sorted<T> {
  const patterns: Group<T>[] = [];
  const apart: Apart<T>[] = [];
  // What is not proposed for its program takes no room from what is.
  const programs = [...Map.groupBy(groups, ({ pattern }) => programOf(pattern).name)].toSorted(
    ([one], [other]) => Number(isFamiliar([other])) - Number(isFamiliar([one])),
  );
  for (const [name, of] of programs) {
    const ranked = of
      .map((group) => ({ group, count: ofAll(group.commands).length, key: keyOf(group.pattern) }))
      .toSorted((a, b) => b.count - a.count || byText(a.key, b.key))
      .map(({ group }) => group);
    const room = Math.min(PER_PROGRAM, ALL_TOGETHER - patterns.length);
    patterns.push(...ranked.slice(0, room));
    const commands = ranked.slice(room).flatMap((group) => group.commands);
    const reason =
      room < PER_PROGRAM ? TOO_MANY : `there are too many commands of ${name} for anybody to read`;
    if (commands.length > 0) apart.push({ reason, isTooMany: true, commands });
  }
  return { patterns, apart };
}

/** Takes out the patterns that match what is set apart, until none does. */
function held<T>(groups: readonly Group<T>[], before: readonly Apart<T>[]): Sorted<T> {
  // The program and the number of arguments are literal in every pattern: others need no comparison.
  const kindOf = (argv: readonly string[]): string => `${argv.length} ${argv[0] ?? ""}`;
  const covers = ({ pattern, commands }: Group<T>): boolean =>
    commands.every(({ argv }) => commandMatches(pattern, argv));
  const all: Apart<T>[] = groups
    .filter((group) => !covers(group))
    .map(({ commands }) => ({ reason: NOT_COVERED, commands }));
  let kept = groups.filter(covers);
  let fresh = [...before, ...all];
  let left = COMPARISONS;
  while (fresh.length > 0) {
    const against = Map.groupBy(
      fresh.flatMap(({ commands }) => commands),
      ({ argv }) => kindOf(argv),
    );
    const varying = kept.filter(({ pattern }) => hasVarying(pattern));
    for (const { pattern } of varying) left -= against.get(kindOf(pattern))?.length ?? 0;
    const isSpent = left < 0;
    const isOut = ({ pattern }: Group<T>): boolean => {
      const those = against.get(kindOf(pattern)) ?? [];
      return those.length > 0 && (isSpent || those.some(({ argv }) => commandMatches(pattern, argv)));
    };
    const out = new Set(varying.filter(isOut));
    fresh = [...out].map((group) => ({ ...group, reason: isSpent ? NOT_COMPARED : LETS_THROUGH }));
    all.push(...fresh);
    kept = kept.filter((group) => !out.has(group));
  }
  return { patterns: kept, apart: all };
}

/** Patterns that cover what was run and as little else as can be, and what no pattern should cover without a person's look. */
export function commandsOf<T>(seen: readonly SeenCommand<T>[]): {
  readonly patterns: readonly CommandPattern<T>[];
  readonly apart: readonly CommandApart<T>[];
} {
  const commands = [...Map.groupBy(seen, ({ argv }) => keyOf(argv)).values()].map((each) => ({
    argv: each[0]?.argv ?? [],
    of: each.map(({ of }) => of),
  }));
  const apart: Apart<T>[] = [];
  const fit: Command<T>[] = [];
  for (const command of commands) {
    const why = whyApart(command.argv);
    if (why === undefined) fit.push(command);
    else apart.push({ reason: why.reason, commands: [command], ...(why.shown && { pattern: command.argv }) });
  }
  const wide = grouped(fit, skeletonOf).map((each) => widened(each.commands));
  apart.push(...wide.flatMap((each) => each.apart));
  const few = readable(merged(wide.flatMap((each) => each.patterns)));
  apart.push(...few.apart);
  const { patterns, apart: wrong } = held(few.patterns, apart);
  return {
    patterns: patterns
      .map((group) => ({ pattern: group.pattern, of: ofAll(group.commands) }))
      .toSorted((a, b) => byText(keyOf(a.pattern), keyOf(b.pattern))),
    apart: together([...apart, ...wrong]),
  };
}

/** What is shown in one line each; what is not shown in one for each reason. */
const together = <T>(apart: readonly Apart<T>[]): readonly CommandApart<T>[] =>
  [...Map.groupBy(apart, ({ reason, pattern }) => JSON.stringify([reason, pattern ?? null])).entries()]
    .toSorted(([a], [b]) => byText(a, b))
    .map(([, each]) => {
      const { commands: _, ...rest } = each[0] as Apart<T>;
      return { ...rest, of: ofAll(each.flatMap(({ commands }) => commands)) };
    });
