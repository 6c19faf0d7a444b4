import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";

/** Options of every benchmark, for `parseArgs`: where its raw runs go. */
export const resultOptions = {
  /** A file for them. */
  out: { type: "string" },
  /** Replaces the raw runs in the repository, which the documentation's figures come from. */
  keep: { type: "boolean", default: false },
} as const;

/**
 * The file that a benchmark's raw runs go to: one that git ignores, unless it is told to keep them, so that a try leaves
 * the repository as it was.
 * @param name the benchmark's, as `npm run bench` takes it
 * @throws Error when both options are given
 */
export function resultFile(
  name: string,
  { out, keep }: { readonly out?: string; readonly keep: boolean },
): string {
  if (out !== undefined && keep)
    throw new Error(`--keep writes bench/results/${name}.json and --out ${out}\n  hint: give one of them`);
  if (out !== undefined) return path.resolve(out);
  return path.join(root, keep ? "bench/results" : ".cache/bench", `${name}.json`);
}

/** Says where raw runs go, beside the tables that may go into a file. @returns the same */
export function sayWhere(file: string): string {
  console.error(`Raw runs go to ${path.relative(process.cwd(), file)}`);
  return file;
}

/** Writes raw runs, in the place of those before. @param text JSON */
export function writeResult(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
