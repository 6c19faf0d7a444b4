import type { Clock } from "../../kernel/clock.ts";
import type { LogoutNotice } from "../sign-in/provider.ts";
import type { BrowserSession, BrowserSessionStore } from "./store.ts";

/** How long a logout is remembered, milliseconds: longer than any sign-in that was under way then can still take. */
const remembered = 900_000;

/**
 * What the provider said ended a moment ago. A logout can overtake the sign-in that it ends: it arrives while the code
 * is being redeemed, finds no session, and the session is made afterwards. Kept in the store, since the two may meet
 * different gateways.
 */
export interface Logouts {
  /** Remembers a notice. To be called before sessions are ended: whoever is made meanwhile then finds it. */
  remember(issuer: string, notice: LogoutNotice): Promise<void>;
  /**
   * Whether a session that is in the store already was ended by the provider since its sign-in began.
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
    remember: (issuer, notice) => store.mark("logged-out", keyOf(issuer, notice), clock.wall() + remembered),
    async overtook({ issuer, providerSubject, providerSession }, since) {
      const keys = [
        keyOf(issuer, { providerSubject }),
        ...(providerSession === undefined
          ? []
          : [keyOf(issuer, { providerSession }), keyOf(issuer, { providerSubject, providerSession })]),
      ];
      for (const key of keys) {
        const until = await store.marked("logged-out", key);
        if (until !== undefined && until - remembered >= since) return true;
      }
      return false;
    },
  };
}
