import { createHash } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import { NONCE_MS } from "./nonces.ts";

/** How old a proof may be, and how far ahead of this machine's clock, milliseconds. */
export const MAX_PROOF_AGE_MS = 60_000;
export const MAX_PROOF_AHEAD_MS = 30_000;
/**
 * How long a used proof is remembered, milliseconds on the monotonic clock: at least as long as its `iat` or its nonce
 * is valid.
 */
const HOLD_MS = Math.max(MAX_PROOF_AGE_MS + MAX_PROOF_AHEAD_MS, NONCE_MS);
/** Proofs remembered of one principal: about 700 requests a second, all the time. */
const MAX_PROOFS_PER_PRINCIPAL = 65_536;
/** Proofs remembered in all, some 60 MB. The last of them are reserved for principals that hold few. */
const MAX_PROOFS = 524_288;

/** Used proofs, so that none is accepted twice. */
export interface Replays {
  /**
   * Consumes a proof.
   * @param key the thumbprint of its key
   * @param iat milliseconds since the epoch
   * @returns `full` when no more can be remembered of the principal: a proof that cannot be remembered is refused
   */
  consume(proof: {
    readonly principal: string;
    readonly key: string;
    readonly jti: string;
    readonly iat: number;
  }): "taken" | "used" | "full";
  /**
   * Proofs made up to this time may have been used without being remembered: before this process started, or forgotten
   * while the wall clock was ahead. Milliseconds since the epoch.
   */
  readonly unknownUntil: number;
  readonly size: number;
}

/** @param max bounds, for tests */
export function createReplays(
  clock: Pick<Clock, "wall" | "monotonic">,
  max: { readonly perPrincipal: number; readonly all: number } = {
    perPrincipal: MAX_PROOFS_PER_PRINCIPAL,
    all: MAX_PROOFS,
  },
): Replays {
  /** In the order of `until`, since all are held equally long. */
  const used = new Map<
    string,
    { readonly principal: string; readonly iat: number; readonly until: number }
  >();
  const counts = new Map<string, number>();
  let unknownUntil = clock.wall() + MAX_PROOF_AHEAD_MS;

  const forgetOld = (now: number): void => {
    for (const [id, { principal, iat, until }] of used) {
      if (until > now) return;
      used.delete(id);
      unknownUntil = Math.max(unknownUntil, iat);
      const left = (counts.get(principal) ?? 1) - 1;
      if (left > 0) counts.set(principal, left);
      else counts.delete(principal);
    }
  };

  return {
    consume({ principal, key, jti, iat }) {
      const now = clock.monotonic();
      forgetOld(now);
      const id = createHash("sha256").update(`${key}.${jti}`).digest("base64url").slice(0, 27);
      if (used.has(id)) return "used";
      const own = counts.get(principal) ?? 0;
      const left = max.all - used.size;
      if (own >= max.perPrincipal || left <= 0 || own > left) return "full";
      used.set(id, { principal, iat, until: now + HOLD_MS });
      counts.set(principal, own + 1);
      return "taken";
    },
    get unknownUntil() {
      return unknownUntil;
    },
    get size() {
      return used.size;
    },
  };
}
