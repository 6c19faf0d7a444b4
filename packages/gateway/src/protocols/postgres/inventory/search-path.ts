import type { Target } from "../target.ts";

/** The schemas in which a target's names are looked up; of one that is not configured the usual one. */
export const searchPathOf = (target: unknown): readonly string[] =>
  (target as Partial<Target> | undefined)?.search_path ?? ["public"];
