/** A map with a maximum size: when full, it evicts an entry that was not used lately. */
export interface BoundedMap<V, K = string> {
  get(key: K): V | undefined;
  /** @param weight what it counts as of the map's whole weight; one that is too heavy is not kept */
  set(key: K, value: V, weight?: number): void;
  delete(key: K): void;
  /** All entries; reading them does not count as use. */
  all(): readonly (readonly [K, V])[];
  readonly size: number;
  /** Of all entries together. */
  readonly weight: number;
}

interface Entry<V> {
  readonly value: V;
  readonly weight: number;
  /** Since it was set, or since eviction last passed it over. */
  isUsed: boolean;
}

/** An entry of more than this share of the whole weight would drive out too many others. */
const MAX_SHARE = 0.05;

/**
 * Eviction gives an entry a second chance: the oldest goes, unless it was used since its last chance; then it becomes
 * the youngest (the clock algorithm; Corbató, "A Paging Experiment with the Multics System", 1968). So a hit costs one
 * look-up and moves nothing.
 * @param maxEntries how many entries it keeps
 * @param maxWeight of all entries together
 */
export function boundedMap<V, K = string>(maxEntries: number, maxWeight = Infinity): BoundedMap<V, K> {
  const entries = new Map<K, Entry<V>>();
  let weight = 0;

  function remove(key: K): void {
    weight -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  }

  function evictOne(): void {
    for (const [key, entry] of entries) {
      entries.delete(key);
      if (!entry.isUsed) {
        weight -= entry.weight;
        return;
      }
      entry.isUsed = false;
      entries.set(key, entry);
    }
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.isUsed = true;
      return entry.value;
    },
    set(key, value, itsWeight = 0) {
      remove(key);
      if (itsWeight > maxWeight * MAX_SHARE) return;
      while (entries.size >= maxEntries || weight + itsWeight > maxWeight) evictOne();
      entries.set(key, { value, weight: itsWeight, isUsed: false });
      weight += itsWeight;
    },
    delete: remove,
    all: () => Array.from(entries, ([key, { value }]) => [key, value] as const),
    get size() {
      return entries.size;
    },
    get weight() {
      return weight;
    },
  };
}
