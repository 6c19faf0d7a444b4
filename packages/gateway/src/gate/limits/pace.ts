import type { RecordContext } from "../../audit/records.ts";
import { boundedMap, type BoundedMap } from "../../kernel/bounded-map.ts";
import { TokenBucket } from "../../kernel/buckets.ts";
import type { Clock } from "../../kernel/clock.ts";
import { pause } from "../../kernel/pause.ts";
import { bounds } from "../bounds.ts";
import type { Denial } from "../protocol.ts";

/** What grants may do in a second for as long as they last; a principal may do `PRINCIPAL_TIMES` as much. */
export interface PaceLimits {
  readonly actsPerSecond: number;
  readonly recordBytesPerSecond: number;
}

/**
 * How fast one session's grant and its holder act, and what that writes to the log. Who comes too soon takes a place: what it
 * is about to do is counted at once, so that whoever comes next stands behind it, and nobody waits twice.
 */
export interface Pace {
  /**
   * For a session that does one act after another: milliseconds until its next act may be judged; 0: now, if only to be
   * refused. Its place is good for the acts of some milliseconds.
   */
  pause(): number;
  /** For acts side by side: resolves at the act's place; undefined: it needs none, or is to be refused. */
  place(): Promise<void> | undefined;
  /** Why the next act, one without a place, is refused: it would have to wait too long. */
  refusal(): Denial | undefined;
  /** Counts an act, and the bytes of its record. @param hasPlace it has waited in `place`, and is counted already */
  spend(bytes: number, hasPlace: boolean): void;
  /** Counts bytes that are written for an act beside its record. */
  wrote(bytes: number): void;
}

/** So many seconds' worth may come at once. */
export const BURST_SECONDS = 60;
export const PRINCIPAL_TIMES = 2;
/** An act waits no longer than this, milliseconds; whoever would have to wait longer is refused. */
export const MAX_WAIT_MS = 10_000;
/** So many acts of a principal wait side by side: as many as there are requests. Who resets them leaves no more behind. */
export const MAX_WAITING = bounds.requests.principal;
/**
 * A share of a second: what is added up before it counts, since a bucket costs more than a sum, and the acts for which a
 * session takes one place; at most so much.
 */
const SHARE = { ms: 12, acts: 64, bytes: 65_536 } as const;

/** Of a session's two records besides their context, about, bytes. */
const SESSION_BYTES = 1000;

/** How many grants, and how many principals, are remembered. */
const MAX_REMEMBERED = 20_000;

/** How much of a rate, which is per second, falls to a share of a second. */
function shareOf(perSecond: number, most: number): number {
  return Math.min(Math.max(Math.floor((perSecond * SHARE.ms) / 1000), 1), most);
}

/** Acts and bytes of one grant or one principal. */
class Meter {
  readonly #acts: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #share: { readonly acts: number; readonly bytes: number };
  #added = { acts: 0, bytes: 0 };
  #isOver = false;
  /** Acts that wait side by side. */
  waiting = 0;

  constructor(clock: Clock, { actsPerSecond, recordBytesPerSecond }: PaceLimits, times: number) {
    const bucket = (rate: number): TokenBucket =>
      new TokenBucket(clock, rate * times, rate * times * BURST_SECONDS);
    this.#acts = bucket(actsPerSecond);
    this.#bytes = bucket(recordBytesPerSecond);
    this.#share = {
      acts: shareOf(actsPerSecond, SHARE.acts),
      bytes: shareOf(recordBytesPerSecond, SHARE.bytes),
    };
  }

  add(acts: number, bytes: number): void {
    this.#added.acts += acts;
    this.#added.bytes += bytes;
  }

  /** Milliseconds until there is room for an act. */
  wait(): number {
    const { acts, bytes } = this.#added;
    if (!this.#isOver && acts < this.#share.acts && bytes < this.#share.bytes) return 0;
    this.#acts.charge(acts);
    this.#bytes.charge(bytes);
    this.#added = { acts: 0, bytes: 0 };
    const wait = Math.max(this.#acts.wait(), this.#bytes.wait());
    this.#isOver = wait > 0;
    return wait;
  }
}

/** What the paces of a gateway's sessions stand on. */
export interface PaceParts {
  readonly clock: Clock;
  /** Asked at every session, since a reload changes them; then all begin anew. */
  readonly limits: () => PaceLimits;
  /** Counts, for metrics. */
  readonly count: (what: "waited" | "too_fast") => void;
}

/** The pace of one session. */
class SessionPace implements Pace {
  readonly #parts: PaceParts;
  readonly #meters: readonly [grant: Meter, principal: Meter];
  /** For how many acts the session takes a place. */
  readonly #batch: number;
  /** The session's place: since when it is its turn, by the monotonic clock, and for how many acts it is good. */
  #turn = 0;
  #left = 0;

  constructor(parts: PaceParts, meters: readonly [grant: Meter, principal: Meter], limits: PaceLimits) {
    this.#parts = parts;
    this.#meters = meters;
    this.#batch = shareOf(limits.actsPerSecond, SHARE.acts);
  }

  #wait(): number {
    const [grant, principal] = this.#meters;
    return Math.max(grant.wait(), principal.wait());
  }

  #add(acts: number, bytes: number): void {
    const [grant, principal] = this.#meters;
    grant.add(acts, bytes);
    principal.add(acts, bytes);
  }

  /** Takes a place for so many acts. @returns milliseconds until it is their turn; 0: no place was taken */
  #take(acts: number): number {
    const wait = this.#wait();
    if (wait === 0 || wait > MAX_WAIT_MS) return 0;
    this.#add(acts, 0);
    this.#parts.count("waited");
    return wait;
  }

  pause(): number {
    const { clock } = this.#parts;
    if (this.#left === 0) {
      const wait = this.#take(this.#batch);
      if (wait === 0) return 0;
      this.#left = this.#batch;
      this.#turn = clock.monotonic() + wait;
    }
    return Math.max(0, Math.ceil(this.#turn - clock.monotonic()));
  }

  place(): Promise<void> | undefined {
    const [, principal] = this.#meters;
    if (principal.waiting >= MAX_WAITING) return undefined;
    const wait = this.#take(1);
    if (wait === 0) return undefined;
    principal.waiting += 1;
    return pause(this.#parts.clock, wait).then((): undefined => {
      principal.waiting -= 1;
      return undefined;
    });
  }

  refusal(): Denial | undefined {
    if (this.#left > 0) return undefined;
    const wait = this.#wait();
    const isFull = wait > 0 && this.#meters[1].waiting >= MAX_WAITING;
    if (wait <= MAX_WAIT_MS && !isFull) return undefined;
    this.#parts.count("too_fast");
    return tooFast(wait);
  }

  spend(bytes: number, hasPlace: boolean): void {
    const isCounted = hasPlace || this.#left > 0;
    // A place is not for many that are large.
    if (!hasPlace && this.#left > 0) this.#left = bytes < SHARE.bytes ? this.#left - 1 : 0;
    this.#add(isCounted ? 0 : 1, bytes);
  }

  wrote(bytes: number): void {
    this.#add(0, bytes);
  }
}

/** Makes the paces of one gateway's sessions. They outlive the sessions: who connects anew goes on where it was. */
export function createPaces(parts: PaceParts): (grant: string, principal: string) => Pace {
  let known = parts.limits();
  const empty = (): BoundedMap<Meter> => boundedMap<Meter>(MAX_REMEMBERED);
  let grants = empty();
  let principals = empty();

  const meterOf = (meters: BoundedMap<Meter>, key: string, times: number): Meter => {
    const meter = meters.get(key);
    if (meter !== undefined) return meter;
    const made = new Meter(parts.clock, known, times);
    meters.set(key, made);
    return made;
  };

  return (grant, principal) => {
    const now = parts.limits();
    if (
      now.actsPerSecond !== known.actsPerSecond ||
      now.recordBytesPerSecond !== known.recordBytesPerSecond
    ) {
      known = now;
      grants = empty();
      principals = empty();
    }
    const meters = [meterOf(grants, grant, 1), meterOf(principals, principal, PRINCIPAL_TIMES)] as const;
    return new SessionPace(parts, meters, known);
  };
}

/**
 * Counts the opening of a session as an act, by what it and the session's end take in the log: each says all of the context.
 * @returns why it is refused
 */
export function countOpening(pace: Pace, context: RecordContext): Denial | undefined {
  const tooFast = pace.refusal();
  if (tooFast === undefined)
    pace.spend(2 * Buffer.byteLength(JSON.stringify(context)) + SESSION_BYTES, false);
  return tooFast;
}

/** @param wait milliseconds */
function tooFast(wait: number): Denial {
  return {
    rule: "pace",
    message: `this grant or its holder does more than the gateway records in a second: the next act would wait ${Math.ceil(wait / 1000)} s`,
    remedy: "retry",
    hint: `nothing was sent upstream; try again in ${Math.ceil(wait / 1000)} s, with fewer acts or shorter ones (limits.acts_per_second, limits.record_bytes_per_second)`,
  };
}
