import { createHash } from "node:crypto";
import type { LiveGrant } from "../grants/types.ts";
import { TokenBucket } from "../kernel/buckets.ts";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import type { Clock } from "../kernel/clock.ts";
import { MAX_DENIED_DETAIL_BYTES, RECORDED_DENIALS } from "./bounds.ts";

/** Counts the denied acts of grants, each over all its sessions. */
export interface DenialCounter {
  /**
   * Counts a denied act. A denial sends nothing upstream, so it need not wait for its record, and a flood of denials is
   * counted instead of recorded.
   * @returns whether the denial gets its own record, and how many before it did not
   */
  count(live: LiveGrant): { readonly leftOut: number } | undefined;
  /** Returns the number of denied acts counted since the last record, and resets it. */
  consumeLeftOut(live: LiveGrant): number;
}

/** Makes a counter that has counted nothing; it forgets a grant with the grant. */
export function createDenialCounter(clock: Clock): DenialCounter {
  const denials = new WeakMap<LiveGrant, { readonly bucket: TokenBucket; leftOut: number }>();
  const consumeLeftOut = (live: LiveGrant): number => {
    const known = denials.get(live);
    const { leftOut = 0 } = known ?? {};
    if (known !== undefined) known.leftOut = 0;
    return leftOut;
  };
  return {
    count(live) {
      let known = denials.get(live);
      if (known === undefined) {
        const { burst, perSecond } = RECORDED_DENIALS;
        known = { bucket: new TokenBucket(clock, perSecond, burst), leftOut: 0 };
        denials.set(live, known);
      }
      if (known.bucket.consume() === 0) return { leftOut: consumeLeftOut(live) };
      known.leftOut += 1;
      return undefined;
    },
    consumeLeftOut,
  };
}

/** How much of one long text is kept. */
const SHOWN_CHARACTERS = 256;
/** A longer detail is cut as a whole, characters. */
const MAX_TAKEN_APART = 65_536;

/**
 * The text that records a denied act: as it is, or, where it is long, with its long texts cut and the digest of the
 * whole, which distinguishes it from others.
 * @param detail canonical JSON of an object
 */
export function deniedDetail(detail: string): string {
  if (detail.length <= MAX_DENIED_DETAIL_BYTES) return detail;
  const cut = {
    bytes: Buffer.byteLength(detail),
    sha256: createHash("sha256").update(detail).digest("hex"),
  };
  if (detail.length > MAX_TAKEN_APART)
    return canonicalJson({ beginning: detail.slice(0, SHOWN_CHARACTERS).toWellFormed(), cut });
  const members = JSON.parse(detail) as Readonly<Record<string, Json>>;
  const shown: Record<string, Json> = {};
  let left = MAX_DENIED_DETAIL_BYTES;
  for (const [name, value] of Object.entries(members)) {
    const text = canonicalJson(value);
    const short = text.length <= Math.min(SHOWN_CHARACTERS, left) ? value : shortened(value, text);
    left -= Math.min(text.length, SHOWN_CHARACTERS);
    if (left < 0) break;
    shown[name] = short;
  }
  return canonicalJson({ ...shown, cut });
}

function shortened(value: Json, text: string): string {
  const whole = typeof value === "string" ? value : text;
  return `${whole.slice(0, SHOWN_CHARACTERS).toWellFormed()}…`;
}
