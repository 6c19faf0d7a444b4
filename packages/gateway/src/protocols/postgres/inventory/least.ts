/**
 * Finds a least part of a list that suffices: without any one of its items it no longer does. Where several parts are least, it
 * keeps earlier items rather than later ones. It asks some `k log(n / k)` times for a part of k items out of n
 * (Junker, "QuickXplain", AAAI 2004).
 * @param items suffice together
 * @param suffices never says no of more items where it said yes of fewer
 */
export function leastPart<T>(items: readonly T[], suffices: (kept: readonly T[]) => boolean): readonly T[] {
  const within = (kept: readonly T[], hasGrown: boolean, rest: readonly T[]): readonly T[] => {
    if (hasGrown && suffices(kept)) return [];
    if (rest.length === 1) return rest;
    const middle = rest.length >> 1;
    const [first, second] = [rest.slice(0, middle), rest.slice(middle)];
    const ofSecond = within([...kept, ...first], first.length > 0, second);
    const ofFirst = within([...kept, ...ofSecond], ofSecond.length > 0, first);
    return [...ofFirst, ...ofSecond];
  };
  return items.length === 0 ? [] : within([], true, items);
}
