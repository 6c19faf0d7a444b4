import type { Clock } from "../kernel/clock.ts";
import type { SessionLimits } from "./browser-sessions/limits.ts";
import type { BrowserSessionStore } from "./browser-sessions/store.ts";
import type { Memberships } from "./memberships/memberships.ts";
import type { SessionEnd } from "./people.ts";
import type { SignInProvider } from "./sign-in/provider.ts";
import type { CutOffs } from "./signals/cut-offs.ts";
import type { PeopleRules as RoleRules } from "./tokens/principal-from-claims.ts";

/** What the configuration says about people; replaced whole at a reload. */
export interface RulesOfPeople {
  /** Digest of all that a browser session depends on: sessions of another one are over. */
  readonly digest: string;
  readonly providers: readonly SignInProvider[];
  readonly roles: RoleRules["roles"];
  readonly limits: SessionLimits;
  /** The OAuth client that the console is at the provider, where it is one. */
  readonly client?: string;
  /** How old groups may be where the provider cannot be asked, milliseconds. */
  readonly groupsMaxAge: number;
}

export interface PeopleOptions {
  readonly store: BrowserSessionStore;
  readonly clock: Clock;
  readonly rules: RulesOfPeople;
  /** Groups that people have left since the provider said theirs; left out: what it said is believed. */
  readonly memberships?: Pick<Memberships, "still">;
  /** What the provider has ended; left out: nothing. */
  readonly cutOffs?: Pick<CutOffs, "reasonAgainst" | "watch">;
  /** Told of every session that ends before its time, for its record. Must not throw. */
  readonly onEnded?: (end: SessionEnd) => void;
  /** Told of what fails beside the way, for the operator. */
  readonly fault?: (error: unknown) => void;
}
