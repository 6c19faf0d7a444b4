import type { CutOffStore, KeptCutOff } from "../cut-offs.ts";

/** A store of cut-offs in memory. */
export function memoryCutOffs(): CutOffStore {
  const kept = new Map<string, KeptCutOff>();
  return {
    async keep(cuts) {
      for (const cut of cuts) {
        const key = JSON.stringify([cut.issuer, cut.name, cut.through ?? ""]);
        const before = kept.get(key);
        if (before === undefined || before.at < cut.at) kept.set(key, cut);
      }
    },
    since: async (keptAt, limit) =>
      [...kept.values()]
        .filter((cut) => cut.keptAt >= keptAt)
        .toSorted((a, b) => a.keptAt - b.keptAt)
        .slice(-limit),
    async forget(before) {
      for (const [key, { at }] of kept) if (at < before) kept.delete(key);
    },
  };
}
