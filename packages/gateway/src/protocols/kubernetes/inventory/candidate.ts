import type { Item } from "./items.ts";

/** What an operation does. */
export type Kind = "read" | "create" | "change" | "delete" | "run" | "forward";

/** What may become an operation. */
export interface Candidate {
  readonly kind: Kind;
  /** Its scope, as a configuration writes it. */
  readonly scope: Readonly<Record<string, unknown>>;
  readonly items: readonly Item[];
  /** What it is about, for its name: resources as scopes write them, or programs. */
  readonly about: readonly string[];
  /** Empty: the cluster. */
  readonly namespaces: readonly string[];
  /** Patterns of names that it takes; undefined: any. */
  readonly names: readonly string[] | undefined;
}

/** What stands together in one operation: all that is equal by a key. */
export function togetherBy<T>(all: readonly T[], keyOf: (each: T) => unknown): readonly (readonly T[])[] {
  return [...Map.groupBy(all, (each) => JSON.stringify(keyOf(each))).values()];
}

/** Sorted, each once. */
export const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted();
