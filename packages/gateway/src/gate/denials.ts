import { createHash } from "node:crypto";
import type { LiveGrant } from "../grants/types.ts";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { MAX_DENIED_DETAIL_BYTES, RECORDED_DENIALS } from "./bounds.ts";

/** Denied acts of one grant, on all its sessions: how many more are recorded one by one, and how many were counted alone. */
interface Denials {
  left: number;
  at: number;
  leftOut: number;
}
const denials = new WeakMap<LiveGrant, Denials>();

function of(live: LiveGrant, now: number): Denials {
  const { burst, perSecond } = RECORDED_DENIALS;
  const known = denials.get(live) ?? { left: burst, at: now, leftOut: 0 };
  known.left = Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond);
  known.at = now;
  denials.set(live, known);
  return known;
}

/**
 * Counts a denied act: nothing goes upstream without its record, but a denial has none to wait for, so that a flood of them
 * is counted.
 * @param now milliseconds, never stepping back
 * @returns whether it is recorded by itself, and then how many before it were not
 */
export function countDenial(live: LiveGrant, now: number): { readonly leftOut: number } | undefined {
  const known = of(live, now);
  if (known.left < 1) {
    known.leftOut += 1;
    return undefined;
  }
  known.left -= 1;
  return { leftOut: takeLeftOut(live) };
}

/** How many denied acts were counted since the last that was recorded; the count begins anew. */
export function takeLeftOut(live: LiveGrant): number {
  const known = denials.get(live);
  const { leftOut = 0 } = known ?? {};
  if (known !== undefined) known.leftOut = 0;
  return leftOut;
}

/** What is kept of one long text. */
const SHOWN_CHARACTERS = 256;
/** A longer detail is not taken apart. Characters. */
const MAX_TAKEN_APART = 65_536;

/**
 * How a denied act is written down: as it is, or, where it is long, with its long texts cut and the digest of the whole,
 * by which it can be told from others.
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
