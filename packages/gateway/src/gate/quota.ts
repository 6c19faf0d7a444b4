/** Whose share is counted: of whatever is known of somebody, each by itself, and of all together. */
export type Reach = "grant" | "principal" | "address" | "total";

/** Who takes something, as far as it is known. */
export interface Owner {
  readonly grant?: string | undefined;
  readonly principal?: string | undefined;
  /** As `addressKey` writes it. */
  readonly address?: string | undefined;
}

/** How much there is; left out: no bound of that reach. */
export type Bound = { readonly [reach in Reach]?: number };

/** What was taken. */
export interface Taken {
  /** Gives everything back; safe to call twice. */
  give(): void;
}

/** What is shared of one kind: places, or bytes. */
export interface Quota {
  /**
   * Takes some of it until it is given back.
   * @param amount how much, for example bytes; one when left out
   * @returns which bound has no room for it, where one has none: then nothing is taken
   */
  take(owner: Owner, amount?: number): Taken | { readonly full: Reach };
  /** Taken now, by all together. */
  readonly taken: number;
  /** Taken now by one. */
  of(reach: Exclude<Reach, "total">, key: string): number;
}

const own = ["grant", "principal", "address"] as const;

/**
 * Shares something by bounds. The last of it is for those who hold little: one that already holds more than what is left
 * gets no more, so that whoever takes as much as they can always leaves as much to the next one (the dynamic threshold
 * of Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998).
 * @param bound asked at every `take`, since a reload may change it
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
    take(owner, amount = 1) {
      const most = typeof bound === "function" ? bound() : bound;
      for (const reach of own) {
        const key = owner[reach];
        const limit = most[reach];
        if (key === undefined || limit === undefined) continue;
        if ((counts[reach].get(key) ?? 0) + amount > limit) return { full: reach };
      }
      if (most.total !== undefined) {
        const left = most.total - total;
        if (amount > left) return { full: "total" };
        const whose = owner.principal === undefined ? "address" : "principal";
        const key = owner[whose];
        if (key !== undefined && most[whose] !== undefined && (counts[whose].get(key) ?? 0) > left)
          return { full: "total" };
      }
      add(owner, amount);
      let isGiven = false;
      return {
        give() {
          if (isGiven) return;
          isGiven = true;
          add(owner, -amount);
        },
      };
    },
    get taken() {
      return total;
    },
    of: (reach, key) => counts[reach].get(key) ?? 0,
  };
}
