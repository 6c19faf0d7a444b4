import type { Clock } from "../kernel/clock.ts";
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

/** Token buckets by key, bounded in memory. */
export interface Buckets {
  /** Takes one token: 0 when there was one, else the milliseconds until there is. */
  take(key: string): number;
  /** Keys remembered now. */
  readonly size: number;
}

/**
 * Makes token buckets of `burst` tokens that refill at `rate` a second, by the monotonic clock. At most `keys` are
 * remembered: past that the one unseen longest is forgotten, which gives back its tokens to somebody who can show
 * that many addresses anyway.
 */
export function tokenBuckets(clock: Clock, rate: number, burst: number, keys: number): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key) {
      const now = clock.monotonic();
      const known = buckets.get(key);
      const tokens =
        known === undefined ? burst : Math.min(burst, known.tokens + ((now - known.at) / 1000) * rate);
      buckets.delete(key);
      if (buckets.size >= keys) {
        const oldest = buckets.keys().next();
        if (oldest.done !== true) buckets.delete(oldest.value);
      }
      const allowed = tokens >= 1;
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
      return allowed ? 0 : Math.ceil(((1 - tokens) / rate) * 1000);
    },
    get size() {
      return buckets.size;
    },
  };
}

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

/**
 * The key under which an address is counted: an IPv4 address itself, an IPv6 address by its /64, which one
 * customer has whole (RFC 6177).
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] ?? address;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
