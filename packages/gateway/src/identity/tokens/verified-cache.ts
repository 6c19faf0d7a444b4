import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { VerificationKey } from "./key-set.ts";
import type { Verified } from "../principal.ts";

/** How many tokens are remembered. */
const MAX_CACHED_TOKENS = 10_000;

/** A token that passed the pipeline, and by which key of which issuer. */
export interface VerifiedToken {
  readonly verified: Verified;
  readonly issuer: string;
  readonly key: VerificationKey;
  /** When it was issued, milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** Remembers by digest which tokens were verified and which were withdrawn; never the tokens themselves. */
export interface VerifiedCache {
  /** What was verified, as long as its `exp` has not come on either clock and `stillCurrent` says its key is in force. */
  get(digest: string, stillCurrent: (token: VerifiedToken) => boolean): VerifiedToken | undefined;
  put(token: VerifiedToken): void;
  /** From now on the token is refused, without asking again. */
  withdraw(digest: string): void;
  isWithdrawn(digest: string): boolean;
}

export function verifiedCache(clock: Clock): VerifiedCache {
  const tokens = boundedMap<{ readonly token: VerifiedToken; readonly until: Deadline }>(MAX_CACHED_TOKENS);
  const withdrawn = boundedMap<true>(MAX_CACHED_TOKENS);
  return {
    get(digest, stillCurrent) {
      const entry = tokens.get(digest);
      if (entry === undefined) return undefined;
      if (remaining(clock, entry.until) > 0 && stillCurrent(entry.token)) return entry.token;
      tokens.delete(digest);
      return undefined;
    },
    put(token) {
      const left = token.verified.expiresAt - clock.wall();
      if (left > 0) tokens.set(token.verified.tokenDigest, { token, until: deadlineAfter(clock, left) });
    },
    withdraw(digest) {
      tokens.delete(digest);
      withdrawn.set(digest, true);
    },
    isWithdrawn: (digest) => withdrawn.get(digest) === true,
  };
}
