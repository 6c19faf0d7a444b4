import type { ApiLimits } from "./services.ts";

/** What holds when `main` says nothing else. */
export const defaultLimits: ApiLimits = {
  addressRate: 100,
  addressBurst: 400,
  principalRate: 20,
  principalBurst: 100,
  pollsPerPrincipal: 16,
  polls: 1000,
  eventsPerPrincipal: 8,
  events: 500,
  exportsPerPrincipal: 2,
  exports: 8,
  signInRate: 2,
  signInBurst: 60,
  remembered: 10_000,
};

/** Counts what each key has open at a time. */
export interface OpenCounter {
  /** Opens one: the function that closes it (safe to call twice), or undefined when the bound is reached. */
  enter(key: string): (() => void) | undefined;
}

/** Makes a counter that lets each key have `each` open and all together `total`. */
export function openCounter(each: number, total: number): OpenCounter {
  const open = new Map<string, number>();
  let all = 0;
  return {
    enter(key) {
      const mine = open.get(key) ?? 0;
      if (mine >= each || all >= total) return undefined;
      open.set(key, mine + 1);
      all += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        all -= 1;
        const now = (open.get(key) ?? 1) - 1;
        if (now === 0) open.delete(key);
        else open.set(key, now);
      };
    },
  };
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
