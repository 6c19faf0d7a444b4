/** Whose share a bound limits: one grant's, one principal's, one address's, or that of all together. */
export type Reach = "grant" | "principal" | "address" | "total";

/** Who acquires something, as far as it is known. */
export interface Owner {
  readonly grant?: string | undefined;
  readonly principal?: string | undefined;
  /** As `addressKey` writes it. */
  readonly address?: string | undefined;
}

/** The bound of each reach; left out: none. */
export type Bound = { readonly [reach in Reach]?: number };

/** What was acquired. */
export interface Acquired {
  /** Releases everything; safe to call twice. */
  release(): void;
}

/** A shared resource of one kind: places, or bytes. */
export interface Quota {
  /**
   * Acquires an amount until it is released.
   * @param amount for example bytes; 1 when left out
   * @returns the bound that is full, if one is: then nothing was acquired
   */
  acquire(owner: Owner, amount?: number): Acquired | { readonly full: Reach };
  /** In use by all together. */
  readonly inUse: number;
  /** In use by one. */
  of(reach: Exclude<Reach, "total">, key: string): number;
}

/** What was acquired from one quota. Made for every request: a class costs less than closures. */
class Part implements Acquired {
  readonly #add: (owner: Owner, amount: number) => void;
  readonly #owner: Owner;
  #left: number;

  constructor(add: (owner: Owner, amount: number) => void, owner: Owner, amount: number) {
    this.#add = add;
    this.#owner = owner;
    this.#left = amount;
  }

  release(): void {
    if (this.#left === 0) return;
    this.#add(this.#owner, -this.#left);
    this.#left = 0;
  }
}

const own = ["grant", "principal", "address"] as const;

/**
 * Shares a resource within bounds. An owner that already holds more than what is left gets no more, so that a greedy
 * owner always leaves as much as it takes for the next one (the dynamic threshold of Choudhury and Hahne, "Dynamic
 * Queue Length Thresholds for Shared-Memory Packet Switches", 1998).
 * @param bound read at every `acquire`, since a reload may change it
 */
export function createQuota(bound: Bound | (() => Bound)): Quota {
  const counts = {
    grant: new Map<string, number>(),
    principal: new Map<string, number>(),
    address: new Map<string, number>(),
  };
  let total = 0;

  const add = (owner: Owner, amount: number): void => {
    total += amount;
    for (const reach of own) {
      const key = owner[reach];
      if (key === undefined) continue;
      const now = (counts[reach].get(key) ?? 0) + amount;
      if (now > 0) counts[reach].set(key, now);
      else counts[reach].delete(key);
    }
  };

  return {
    acquire(owner, amount = 1) {
      const bounds = typeof bound === "function" ? bound() : bound;
      for (const reach of own) {
        const key = owner[reach];
        const limit = bounds[reach];
        if (key === undefined || limit === undefined) continue;
        if ((counts[reach].get(key) ?? 0) + amount > limit) return { full: reach };
      }
      if (bounds.total !== undefined) {
        const left = bounds.total - total;
        if (amount > left) return { full: "total" };
        const whose = owner.principal === undefined ? "address" : "principal";
        const key = owner[whose];
        if (key !== undefined && bounds[whose] !== undefined && (counts[whose].get(key) ?? 0) > left)
          return { full: "total" };
      }
      add(owner, amount);
      return new Part(add, owner, amount);
    },
    get inUse() {
      return total;
    },
    of: (reach, key) => counts[reach].get(key) ?? 0,
  };
}
