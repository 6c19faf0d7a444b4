import { boundedMap } from "./bounded-map.ts";

/** What refills a bucket: the monotonic clock. */
type Monotonic = { monotonic(): number };

/** A token bucket of `burst` tokens, refilled at `rate` a second by the monotonic clock. */
export class TokenBucket {
  readonly #clock: Monotonic;
  readonly #burst: number;
  readonly #msPerToken: number;
  #tokens: number;
  #at: number;

  constructor(clock: Monotonic, rate: number, burst: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#msPerToken = 1000 / rate;
    this.#tokens = burst;
    this.#at = clock.monotonic();
  }

  /** Milliseconds until there are so many tokens; 0 when there are. Consumes none. */
  wait(tokens = 1): number {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / this.#msPerToken);
    this.#at = now;
    return this.#tokens >= tokens ? 0 : Math.ceil((tokens - this.#tokens) * this.#msPerToken);
  }

  /** Consumes one token. Returns 0 when there was one, else the milliseconds until there is. */
  consume(): number {
    const wait = this.wait();
    if (wait === 0) this.#tokens -= 1;
    return wait;
  }

  /** Consumes what was used already, into debt where there was less: some costs are known only afterwards. */
  charge(tokens: number): void {
    this.wait();
    this.#tokens -= tokens;
  }

  /** Returns one token. */
  release(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }
}

/** Token buckets by key, bounded in memory. */
export interface Buckets {
  /** Consumes one token. Returns 0 when there was one, else the milliseconds until there is. */
  consume(key: string): number;
  /** Milliseconds until so many tokens are available, one when left out; 0 when they are. Consumes none. */
  wait(key: string, tokens?: number): number;
  /** Consumes what was used already, into debt where there was less. */
  charge(key: string, tokens: number): void;
  /** Returns one token. */
  release(key: string): void;
  /** How many keys are held. */
  readonly size: number;
}

/**
 * Token buckets of `burst` tokens, refilled at `rate` a second. At most `maxKeys` keys are held; past that, one that was
 * not used lately is evicted. Eviction refills its bucket, but only a client that can show that many keys can cause it.
 */
export function tokenBuckets(clock: Monotonic, rate: number, burst: number, maxKeys: number): Buckets {
  const buckets = boundedMap<TokenBucket>(maxKeys);
  const bucketOf = (key: string): TokenBucket => {
    const known = buckets.get(key);
    if (known !== undefined) return known;
    const made = new TokenBucket(clock, rate, burst);
    buckets.set(key, made);
    return made;
  };
  return {
    consume: (key) => bucketOf(key).consume(),
    wait: (key, tokens) => buckets.get(key)?.wait(tokens) ?? 0,
    charge: (key, tokens) => bucketOf(key).charge(tokens),
    release: (key) => buckets.get(key)?.release(),
    get size() {
      return buckets.size;
    },
  };
}
