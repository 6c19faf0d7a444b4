import { counted } from "./words.ts";

/** What of an operation nobody used; `unused` left out: all of it. */
export interface UnusedOf {
  readonly operation: string;
  readonly unused: readonly string[] | undefined;
}

/**
 * What operations grant beyond what was used, for people.
 * @param missed how many acts and lines were not looked at
 */
export function unusedText(findings: readonly UnusedOf[], missed: number): string {
  const all = findings.flatMap(({ operation, unused }) => {
    if (unused === undefined) return [`${operation}: nobody used it`];
    if (unused.length === 0) return [`${operation}: all of it was used`];
    return [`${operation}: granted beyond what was used`, ...unused.map((part) => `  ${part}`)];
  });
  const but =
    missed === 0
      ? []
      : [`${counted(missed)} more could not be read: what they used may stand here as unused`];
  return [...but, ...all].join("\n");
}
