import type { Evidence, SeenActs } from "./inventory.ts";

/** Adds up acts. */
export function evidenceOf(seen: readonly SeenActs[]): Evidence {
  const by = new Map<string, number>();
  let times = 0;
  for (const each of seen) {
    times += each.times;
    for (const [who, count] of each.by) by.set(who, (by.get(who) ?? 0) + count);
  }
  return { kinds: seen.length, times, by, ...spanOf(seen) };
}

/** From the first to the last of all, where anybody said when. */
export function spanOf(all: readonly Pick<Evidence, "first" | "last">[]): Pick<Evidence, "first" | "last"> {
  const firsts = all.flatMap(({ first }) => (first === undefined ? [] : [first]));
  const lasts = all.flatMap(({ last }) => (last === undefined ? [] : [last]));
  return {
    ...(firsts.length === 0 ? {} : { first: firsts.reduce((one, other) => Math.min(one, other)) }),
    ...(lasts.length === 0 ? {} : { last: lasts.reduce((one, other) => Math.max(one, other)) }),
  };
}
