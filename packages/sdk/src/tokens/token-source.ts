import type { KeptDpopKey } from "./dpop-key.ts";
import type { IssuedToken } from "./issued.ts";
import { isDue } from "./person.ts";

/** Access tokens for a client of Mayfly's: what `createMayfly({ token })` takes. */
export interface TokenSource {
  /** The token to use now, renewed before it expires. @param stale a token that the gateway calls too old to decide by */
  (stale?: string): Promise<string>;
  /** The same with when it expires and the key that it is bound to. */
  current(stale?: string): Promise<IssuedToken>;
  /** The key that the newest token is bound to; undefined for a bearer token, and before the first one. */
  dpopKey(): KeptDpopKey | undefined;
}

/** Makes a source that keeps the newest token: one request at a time, whoever asks. */
export function tokenSource(ask: () => Promise<IssuedToken>): TokenSource {
  let newest: IssuedToken | undefined;
  let asking: Promise<IssuedToken> | undefined;
  const renew = async (): Promise<IssuedToken> => {
    try {
      newest = await ask();
      return newest;
    } finally {
      asking = undefined;
    }
  };
  const current = async (stale?: string): Promise<IssuedToken> => {
    if (newest !== undefined && newest.accessToken !== stale && !isDue(newest.expiresAt)) return newest;
    asking ??= renew();
    return asking;
  };
  return Object.assign(async (stale?: string) => (await current(stale)).accessToken, {
    current,
    dpopKey: () => newest?.dpop,
  });
}
