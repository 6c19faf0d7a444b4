import { createInterface } from "node:readline/promises";

/** Asks a person, one line at a time. */
export interface Asker {
  /** @param fallback what an empty line means; undefined: ask again */
  ask(question: string, fallback?: string): Promise<string>;
  close(): void;
}

/** Asks on the terminal; undefined where there is none: a script is never kept waiting. */
export function terminalAsker(): Asker | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  // On standard error: standard output is for what the command prints.
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return {
    async ask(question, fallback) {
      for (;;) {
        const shown = fallback === undefined || fallback === "" ? "" : ` [${fallback}]`;
        const answer = (await lines.question(`${question}${shown}: `)).trim();
        if (answer !== "") return answer;
        if (fallback !== undefined) return fallback;
      }
    },
    close: () => lines.close(),
  };
}
