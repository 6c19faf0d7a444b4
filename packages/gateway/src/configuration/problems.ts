import type { ConfigurationProblem } from "./types.ts";

/** Problems in the order of their places, each once. */
export function sortProblems(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ file, line, column, message }) => {
      const key = JSON.stringify([file, line, column, message]);
      return seen.size !== seen.add(key).size;
    })
    .toSorted((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
    );
}

/** Problems as editors and people read them: `file:line:column: message`, then an indented `hint: …`. */
export function formatProblems(problems: readonly ConfigurationProblem[]): string {
  return sortProblems(problems)
    .map(({ file, line, column, message, hint }) => {
      const first = `${file}:${line}:${column}: ${message}\n`;
      return hint === undefined ? first : `${first}  hint: ${hint}\n`;
    })
    .join("");
}

/** The same for a log, a line each: `file:line:column: message; hint: …`. */
export function problemLines(problems: readonly ConfigurationProblem[]): readonly string[] {
  return sortProblems(problems).map(({ file, line, column, message, hint }) =>
    `${file}:${line}:${column}: ${message}${hint === undefined ? "" : `; hint: ${hint}`}`.replaceAll(
      /\s*\n\s*/g,
      " ",
    ),
  );
}
