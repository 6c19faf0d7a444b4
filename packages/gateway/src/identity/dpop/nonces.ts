import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";

/** How long one nonce is issued, milliseconds. */
const STEP_MS = 30_000;
/** How many earlier nonces are still accepted. */
const EARLIER = 2;
/** The longest lifetime of a nonce, milliseconds on the monotonic clock. */
export const NONCE_MS = STEP_MS * (EARLIER + 1);

/** Nonces of one gateway process (RFC 9449, section 9). Nothing is kept of them: each is an HMAC of the time. */
export interface Nonces {
  current(): string;
  /** Whether this process issued it recently. */
  isFresh(nonce: string): boolean;
}

/**
 * Makes nonces with a random key that only this process has.
 * @param mark what each begins with, so that it shows which of several processes issued it
 */
export function createNonces(clock: Pick<Clock, "monotonic">, mark = ""): Nonces {
  const key = randomBytes(32);
  const made = new Map<number, Buffer>();
  const step = (): number => Math.floor(clock.monotonic() / STEP_MS);
  const of = (at: number): Buffer => {
    const known = made.get(at);
    if (known !== undefined) return known;
    const nonce = Buffer.from(mark + createHmac("sha256", key).update(`nonce ${at}`).digest("base64url"));
    for (const each of made.keys()) if (each < at - EARLIER) made.delete(each);
    made.set(at, nonce);
    return nonce;
  };
  return {
    current: () => of(step()).toString(),
    isFresh(nonce) {
      const shown = Buffer.from(nonce);
      const now = step();
      let isKnown = false;
      for (let at = now - EARLIER; at <= now; at += 1) {
        const good = of(at);
        if (shown.length === good.length && timingSafeEqual(shown, good)) isKnown = true;
      }
      return isKnown;
    },
  };
}
