import type { Verified } from "./principal.ts";
import type { BrowserSession } from "./browser-sessions/store.ts";
import type { About } from "./signals/subjects.ts";
import type { SignInMethod } from "./sign-in/provider.ts";

/** The OAuth client that people in a browser come through: the gateway itself. */
export const consoleClient = "mayfly-console";

/** A browser session as one request met it. */
export interface CurrentSession {
  readonly session: BrowserSession;
  readonly verified: Verified;
  /** What unsafe requests of this session have to repeat in `x-mayfly-csrf`. */
  readonly csrf: string;
  /** When it ends if it is not used, milliseconds since the epoch. */
  readonly idleEndsAt: number;
}

/** What a sign-in begins with, from the browser's side. */
export interface BeginOptions {
  /** A path of ours. */
  readonly returnTo: string;
  /** How long ago the person's proof may be, milliseconds. */
  readonly fresh?: number;
  /** The browser's sign-in cookie. */
  readonly binding: string | undefined;
  /** The browser's session cookie: that session ends when this sign-in succeeds. */
  readonly cookie: string | undefined;
}

/** Who signed in, and what the browser keeps. */
export interface SignInDone {
  readonly session: BrowserSession;
  readonly verified: Verified;
  /** The session cookie's value: for the browser, and nowhere else. */
  readonly cookie: string;
  readonly returnTo: string;
  /** Sessions that this one ended: the browser's own before it, and the person's oldest. */
  readonly ended: readonly string[];
}

/** Who somebody is, as far as their browser sessions go. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  /** The provider's own id, which no renaming changes. */
  readonly uid?: string;
}

/** Why a session ended, in words for its record. */
export interface SessionEnd {
  readonly session: BrowserSession;
  readonly reason: string;
}

/** People: how they sign in, their browser sessions, and their groups at the moment of a decision. */
export interface People {
  /** The ways to sign in, in the configuration's order. */
  readonly methods: readonly { readonly method: SignInMethod; readonly label: string }[];
  /**
   * Begins a sign-in.
   * @param binding the browser's sign-in cookie where it has one; a new one is made where it does not
   * @returns where to send the browser, and what its sign-in cookie must hold
   * @throws SignInRefused
   */
  begin(
    method: SignInMethod,
    options: BeginOptions,
  ): Promise<{ readonly redirect: string; readonly binding: string }>;
  /**
   * Finishes a sign-in: verifies what came back and makes a browser session, always a new one.
   * @param browser what the browser showed: its cookies, its address, its name
   * @param record called before anything takes effect; when it throws nobody is signed in
   * @throws SignInRefused
   */
  finish(
    method: SignInMethod,
    parameters: Readonly<Record<string, string>>,
    browser: {
      readonly binding: string | undefined;
      readonly cookie: string | undefined;
      readonly address: string;
      readonly name: string;
    },
    record: (session: BrowserSession, verified: Verified) => Promise<void>,
  ): Promise<SignInDone>;
  /**
   * The session of a cookie.
   * @param use whether this counts as a use, which moves the idle end; a look at what goes on already does not
   * @returns undefined when it is unknown, over, or was made under another configuration
   */
  authenticate(cookie: string, use: boolean): Promise<CurrentSession | undefined>;
  /**
   * The same principal with groups and roles as the provider says them now. Call it before what a person decides.
   * @throws SignInAgain or MayflyError token_stale (401) when the provider cannot be asked and last spoke too long
   * ago; provider_away (503)
   */
  current(verified: Verified): Promise<Verified>;
  /**
   * Watches that what authenticated a request is still good while its answer goes on.
   * @param ended called once with the reason: signed out, revoked, timed out, the token expired
   * @returns ends the watch
   */
  watch(verified: Verified, ended: (reason: string) => void): () => void;
  /** The sessions of a person, whatever way they came, newest first; with undefined, everyone's. */
  sessions(person: Person | undefined): Promise<readonly BrowserSession[]>;
  /** One session; undefined when there is none of that id. */
  session(id: string): Promise<BrowserSession | undefined>;
  /** Ends one session. @returns false when it was over already */
  end(id: string, reason: string): Promise<boolean>;
  /**
   * The sessions that something ends which the provider has said of somebody, and ends them.
   * @param about whom, and of which issuers
   * @param at those signed in until then, milliseconds since the epoch
   * @param options.isDryRun only says which
   */
  endAbout(
    about: About,
    at: number,
    reason: string,
    options?: { readonly isDryRun?: boolean },
  ): Promise<readonly BrowserSession[]>;
  /** Ends all sessions of a person, whatever way they came. */
  endAll(person: Person, reason: string): Promise<readonly BrowserSession[]>;
  /** What a SAML identity provider has to know of us, XML; undefined where SAML is not configured. */
  samlMetadata(): string | undefined;
  /** Where the browser ends its session at the provider too, where that is possible. Ask before ending it here. */
  signOutUrl(session: string): string | undefined;
  /**
   * Back-channel logout (OpenID Connect Back-Channel Logout 1.0): verifies the token and ends what it names.
   * @throws SignInRefused
   */
  backChannelLogout(token: string): Promise<readonly BrowserSession[]>;
}
