import type { SignedIn, SignInMethod, UsedOnce } from "../sign-in/provider.ts";

/** A sign-in that has begun: what must come back, and from whom. */
export interface SignInTransaction {
  /** SHA-256 of the handle, hexadecimal. */
  readonly digest: string;
  /** SHA-256 of the browser's binding, hexadecimal. */
  readonly binding: string;
  readonly method: SignInMethod;
  readonly returnTo: string;
  /** Milliseconds; left out where no fresh sign-in was asked for. */
  readonly fresh?: number;
  readonly keep: Readonly<Record<string, string | number | boolean>>;
  /** The session that the browser had when it began, which this one takes the place of: its id. */
  readonly replaces?: string;
  readonly beganAt: number;
  readonly expiresAt: number;
}

/** A browser in which a person is signed in. The cookie's value is stored nowhere. */
export interface BrowserSession extends Omit<SignedIn, "endsBy" | "live"> {
  /** `bs_…`. */
  readonly id: string;
  /** SHA-256 of the cookie's value, hexadecimal. */
  readonly digest: string;
  readonly method: SignInMethod;
  /** Digest of the configuration of people that they signed in under: another one ends the session. */
  readonly rules: string;
  readonly signedInAt: number;
  readonly lastSeenAt: number;
  readonly endsAt: number;
  /** The address it was made from. */
  readonly address: string;
  /** The browser as it calls itself, shortened; for the person to recognise it. */
  readonly browser: string;
}

/** Which sessions; every member narrows. */
export interface SessionFilter {
  readonly issuer?: string;
  /** One person's, whatever way they came and however the provider wrote the login: compared by `ownLogin`. */
  readonly login?: string;
  readonly providerSubject?: string;
  readonly providerSession?: string;
  /** Only those signed in under other rules than these. */
  readonly otherRulesThan?: string;
}

/** What sign-in keeps, shared by all gateways of a store. All times are the wall clock's. */
export interface BrowserSessionStore extends UsedOnce {
  /** Keeps a transaction; forgets expired ones, and the oldest beyond `max`. */
  begin(transaction: SignInTransaction, max: number): Promise<void>;
  /** Returns a transaction once; a second call gets undefined. The caller checks its expiry. */
  consume(digest: string): Promise<SignInTransaction | undefined>;
  /** Keeps a session; ends the person's oldest beyond `max`, by login as a filter does, and gives them back. */
  create(session: BrowserSession, max: number): Promise<readonly BrowserSession[]>;
  byDigest(digest: string): Promise<BrowserSession | undefined>;
  byId(id: string): Promise<BrowserSession | undefined>;
  /** Newest first, at most `limit`. */
  list(filter: SessionFilter, limit: number): Promise<readonly BrowserSession[]>;
  /** Records that a session was used; never moves the time back. */
  seen(id: string, at: number): Promise<void>;
  /** Stores the provider's groups; an older answer changes nothing. */
  setGroups(id: string, groups: readonly string[], asOf: number): Promise<void>;
  /** Ends one; false when it was not there. */
  end(id: string): Promise<boolean>;
  /** Ends those that match and gives them back. A filter without members ends nothing. */
  endAll(filter: SessionFilter): Promise<readonly BrowserSession[]>;
  /** Ends sessions that are past their end or unused since `idleSince`, and returns them; deletes expired marks. */
  forget(now: number, idleSince: number): Promise<readonly BrowserSession[]>;
  /** Marks an id, of any length, until then; a mark that lasts longer stays. */
  mark(kind: string, id: string, until: number): Promise<void>;
  /** Until when an id is remembered, milliseconds since the epoch. */
  marked(kind: string, id: string): Promise<number | undefined>;
}
