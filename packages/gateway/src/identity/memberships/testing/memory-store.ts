import type { KeptMembership, MembershipStore } from "../memberships.ts";

/** A store of memberships in memory. */
export function memoryMemberships(): MembershipStore {
  const kept = new Map<string, KeptMembership>();
  return {
    async keep(words) {
      for (const word of words) {
        const key = JSON.stringify([word.issuer, word.person, word.group]);
        const before = kept.get(key);
        if (before !== undefined && (before.at > word.at || (before.at === word.at && word.isMember)))
          continue;
        kept.set(key, word);
      }
    },
    since: async (keptAt, limit) =>
      [...kept.values()]
        .filter((word) => word.keptAt >= keptAt)
        .toSorted((a, b) => a.keptAt - b.keptAt)
        .slice(-limit),
    async forget(before) {
      for (const [key, { at }] of kept) if (at < before) kept.delete(key);
    },
  };
}
