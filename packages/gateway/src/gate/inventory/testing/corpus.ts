import { readFileSync } from "node:fs";

/** A case of the corpus: what is asked of an upstream, and whether it must get through. */
export interface CorpusCase {
  readonly id: string;
  /** The scope that it is judged by, where there are several. */
  readonly scope?: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
}

/** The cases of files of `tests/corpus`, in their order. */
export const corpusCases = (...files: readonly string[]): readonly CorpusCase[] =>
  files.flatMap(
    (file) =>
      JSON.parse(
        readFileSync(new URL(`../../../../../../tests/corpus/${file}`, import.meta.url), "utf8"),
      ) as CorpusCase[],
  );
