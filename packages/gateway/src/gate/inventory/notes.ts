import type { SeenActs } from "./inventory.ts";

/** A part of a scope that an act needed, in words, for the notes about an operation. */
export interface NeededPart {
  /** What tells it from other parts: several may have the same words. */
  readonly key: string;
  readonly words: string;
  readonly seen: Pick<SeenActs, "times" | "by">;
}

/** How many parts of one kind a note names. */
const MAX_NAMED = 12;

/** One note about parts, or none. */
export function listed(what: string, words: readonly string[]): readonly string[] {
  const each = [...new Set(words)];
  if (each.length === 0) return [];
  const more = each.length > MAX_NAMED ? ` and ${each.length - MAX_NAMED} more` : "";
  return [`${what}: ${each.slice(0, MAX_NAMED).join(", ")}${more}`];
}

/** What was needed once, and what one of several alone needed. */
export function rareUses(parts: Iterable<NeededPart>, everybody: ReadonlySet<string>): readonly string[] {
  const uses = new Map<string, { readonly words: string; times: number; readonly by: Set<string> }>();
  for (const { key, words, seen } of parts) {
    const use = uses.get(key) ?? { words, times: 0, by: new Set<string>() };
    use.times += seen.times;
    for (const who of seen.by.keys()) use.by.add(who);
    uses.set(key, use);
  }
  const all = [...uses.values()];
  const rare = all.filter(({ times }) => times === 1).map(({ words }) => words);
  const ofOne = everybody.size > 1 ? all.filter(({ by, times }) => by.size === 1 && times > 1) : [];
  return [
    // Where most was needed once, that says nothing.
    ...listed("needed once", rare.length * 2 > all.length ? [] : rare),
    ...[...Map.groupBy(ofOne, ({ by }) => [...by][0] ?? "")].flatMap(([who, theirs]) =>
      listed(
        `needed by ${who === "" ? "somebody without a name" : who} alone`,
        theirs.map(({ words }) => words),
      ),
    ),
  ];
}
