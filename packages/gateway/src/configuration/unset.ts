import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { Path } from "./positions.ts";
import type { ConfigurationProblem } from "./types.ts";

/**
 * Which secrets must be set: all of them, none (for whoever only reads a file), or those under these paths, for a command
 * that uses no others.
 */
export type NeededSecrets = "required" | "named" | readonly Path[];

/** The finding for an environment variable that is not set, or empty. */
export function missingVariable(variable: string, is: "not set" | "empty", path: Path): Finding {
  const message = `the environment variable ${variable} is ${is}`;
  return { ...finding("value", path, message, `set ${variable} in the environment of mayflyd`), variable };
}

/** Parts what is unset into what is needed all the same, and what is not. */
export function partUnset(
  unset: readonly Finding[],
  needed: NeededSecrets,
): { readonly missing: readonly Finding[]; readonly unset: readonly Finding[] } {
  const paths = needed === "named" ? [] : needed === "required" ? [[]] : needed;
  const isNeeded = ({ path }: Finding): boolean =>
    paths.some((start) => start.every((step, index) => path[index] === step));
  return { missing: unset.filter(isNeeded), unset: unset.filter((found) => !isNeeded(found)) };
}

/** A problem with its place, and the finding that it tells of. */
export type Placed = readonly [problem: ConfigurationProblem, found: Finding];

/**
 * One problem a variable, however often a file names it: at its first place, with the number of the others.
 * @returns the problems, in any order
 */
export function oncePerVariable(placed: readonly Placed[]): readonly ConfigurationProblem[] {
  const others = placed.filter(([, { variable }]) => variable === undefined).map(([problem]) => problem);
  const missing = Map.groupBy(
    placed.filter(([, { variable }]) => variable !== undefined),
    ([{ message }]) => message,
  );
  return [...others, ...[...missing.values()].flatMap(atFirst)];
}

function atFirst(placed: readonly Placed[]): readonly ConfigurationProblem[] {
  const [first, ...more] = placed
    .map(([problem]) => problem)
    .toSorted((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
    );
  if (first === undefined) return [];
  if (more.length === 0) return [first];
  const places = more.length === 1 ? "1 other place" : `${more.length} other places`;
  return [
    {
      ...first,
      hint: `${first.hint ?? ""}; ${places} of the configuration ${more.length === 1 ? "names" : "name"} it too`,
    },
  ];
}
