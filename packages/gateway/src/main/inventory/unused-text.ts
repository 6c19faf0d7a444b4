/** What of an operation nobody used; `unused` left out: all of it. */
export interface UnusedOf {
  readonly operation: string;
  readonly unused: readonly string[] | undefined;
}

/** What operations grant beyond what was used, for people. */
export function unusedText(findings: readonly UnusedOf[]): string {
  return findings
    .flatMap(({ operation, unused }) => {
      if (unused === undefined) return [`${operation}: nobody used it`];
      if (unused.length === 0) return [`${operation}: all of it was used`];
      return [`${operation}: granted beyond what was used`, ...unused.map((part) => `  ${part}`)];
    })
    .join("\n");
}
