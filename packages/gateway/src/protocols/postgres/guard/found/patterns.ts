/** Patterns of names: `shop.*`, or `shop.order_*`. The star stands at the end, for any number of characters. */

/** The pattern of every name, whatever its schema: no file can write it. */
export const ANY_NAME = "*";

export function isPattern(name: string): boolean {
  return name.endsWith("*");
}

/** The schema of a full name or pattern; of the pattern of every name that pattern itself. */
export function schemaOf(name: string): string {
  return name === ANY_NAME ? ANY_NAME : name.slice(0, name.indexOf("."));
}

/** Whether a pattern, or a name that stands for itself, covers a full name. */
export function covers(pattern: string, name: string): boolean {
  return isPattern(pattern) ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** Whether one of them covers a full name. */
export function anyCovers(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => covers(pattern, name));
}

/** Patterns in the order in which they are asked: the longer one says more. */
export function patternsOf(names: readonly string[]): readonly string[] {
  return names.filter(isPattern).toSorted((one, other) => other.length - one.length);
}

/** Of such patterns the one that decides about a name; undefined where none covers it. */
export function nearest(patterns: readonly string[], name: string): string | undefined {
  return patterns.find((pattern) => covers(pattern, name));
}
