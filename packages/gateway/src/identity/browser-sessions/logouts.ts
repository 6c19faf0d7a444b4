import type { Clock } from "../../kernel/clock.ts";
import type { LogoutNotice } from "../sign-in/provider.ts";
import type { BrowserSession, BrowserSessionStore } from "./store.ts";

/** How long a logout is remembered, milliseconds: longer than any sign-in under way can take. */
const REMEMBER_MS = 900_000;

/**
 * Recent logouts by the provider. A logout can overtake the sign-in that it ends: it arrives while the code is being
 * redeemed, finds no session, and the session is made afterwards. Kept in the store, since the two may reach different
 * gateways.
 */
export interface Logouts {
  /** Records a logout. Call it before ending sessions, so that a session made meanwhile finds it. */
  remember(issuer: string, notice: LogoutNotice): Promise<void>;
  /**
   * Whether the provider ended a stored session after its sign-in began.
   * @param since milliseconds since the epoch
   */
  overtook(session: BrowserSession, since: number): Promise<boolean>;
}

type Names = Pick<BrowserSession, "providerSubject" | "providerSession">;

/** As `endAll` compares: what the notice leaves out matches anybody's. */
const keyOf = (issuer: string, { providerSubject, providerSession }: Partial<Names>): string =>
  JSON.stringify([issuer, providerSubject ?? null, providerSession ?? null]);

/** Makes them. */
export function logouts(store: Pick<BrowserSessionStore, "mark" | "marked">, clock: Clock): Logouts {
  return {
    remember: (issuer, notice) => store.mark("logged-out", keyOf(issuer, notice), clock.wall() + REMEMBER_MS),
    async overtook({ issuer, providerSubject, providerSession }, since) {
      const keys = [
        keyOf(issuer, { providerSubject }),
        ...(providerSession === undefined
          ? []
          : [keyOf(issuer, { providerSession }), keyOf(issuer, { providerSubject, providerSession })]),
      ];
      for (const key of keys) {
        const until = await store.marked("logged-out", key);
        if (until !== undefined && until - REMEMBER_MS >= since) return true;
      }
      return false;
    },
  };
}
