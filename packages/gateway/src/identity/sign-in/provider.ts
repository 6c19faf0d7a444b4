/** How a person signs in. */
export type SignInMethod = "oidc" | "saml";

/** What the store keeps of one sign-in between its beginning and its end: never a secret. */
export type KeptForSignIn = Readonly<Record<string, string | number | boolean>>;

/** The secrets of a new sign-in. */
export interface SignInStart {
  /** Comes back with the provider's answer: OIDC's `state`, SAML's RelayState. 43 characters of base64url. */
  readonly handle: string;
  /**
   * Known only to this gateway and the browser's cookie, and stored nowhere. From it and the handle comes what only the
   * browser that began can finish with (nonce, PKCE verifier).
   */
  readonly binding: string;
  /** Maximum age of the person's authentication, milliseconds; left out where the provider decides. */
  readonly fresh?: number;
}

/** Where to send the browser. */
export interface SignInBegun {
  readonly redirect: string;
  readonly keep: KeptForSignIn;
}

/** What came back from the provider, unchanged. */
export interface SignInAnswer {
  /** Parameters of the query (OIDC) or of the form (SAML); each at most once. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How the sign-in began; left out where the provider began it (SAML, where that is allowed). */
  readonly begun?: SignInStart & { readonly keep: KeptForSignIn; readonly at: number };
}

/** Asks the provider again about a person who signed in. It holds their tokens, so it stays in memory. */
export interface ProviderSession {
  /**
   * The person's groups now, from the provider; undefined when it cannot be asked without the person (the access token has
   * expired, and there is no refresh token).
   * @throws SignInRefused provider_away (nothing is known), or refused (the person is no longer signed in there)
   */
  groupsNow(): Promise<{ readonly groups: readonly string[]; readonly asOf: number } | undefined>;
  /** The address at which the browser ends its session at the provider too; undefined where there is none. */
  signOutUrl(): string | undefined;
}

/** Who signed in. The provider signed all of it for this gateway and this sign-in, and that is verified. */
export interface SignedIn {
  /** The exact issuer (OIDC) or entity id (SAML) of the provider. */
  readonly issuer: string;
  /** The login: what the person is called and compared by. */
  readonly login: string;
  /** What people call the person, as `displayName` leaves it: shown beside the login, never compared. */
  readonly displayName?: string;
  /** The provider's name for the person (`sub`, NameID), which its back-channel logout uses. */
  readonly providerSubject: string;
  /** The provider's own id of the person, which no renaming changes, where that is not `providerSubject`. */
  readonly uid?: string;
  /** The provider's name for its session (`sid`, SessionIndex), where it has one. */
  readonly providerSession?: string;
  readonly groups: readonly string[];
  /** When the provider stated these groups, milliseconds since the epoch. */
  readonly groupsAsOf: number;
  /** When the person authenticated, milliseconds since the epoch; left out where the provider did not say. */
  readonly authenticatedAt?: number;
  /** When the session must be over, by the provider (SAML's SessionNotOnOrAfter), milliseconds since the epoch. */
  readonly endsBy?: number;
  /** Asks the provider again; left out where that is not possible (SAML). */
  readonly live?: ProviderSession;
}

/** What a provider ended: one of its sessions, or all sessions of a person. */
export type LogoutNotice = {
  /** The token's id, which is accepted once. */
  readonly id: string;
  /** Until when a token of this id could be replayed, milliseconds since the epoch. */
  readonly until: number;
} & (
  | { readonly providerSubject: string; readonly providerSession?: string }
  | { readonly providerSubject?: string; readonly providerSession: string }
);

/** One way to sign in: OpenID Connect or SAML. It verifies the person, and does nothing more with them. */
export interface SignInProvider {
  readonly method: SignInMethod;
  /** For people, on the button. */
  readonly label: string;
  /** The issuer or entity id of its people. */
  readonly issuer: string;
  /** @throws SignInRefused provider_away */
  begin(start: SignInStart): Promise<SignInBegun>;
  /**
   * Verifies what came back. A transaction that is unknown, expired or another browser's never gets here; `begun` is left
   * out only where the answer holds nothing in the form of a handle.
   * @throws SignInRefused; anything else counts as not_verified
   */
  finish(answer: SignInAnswer): Promise<SignedIn>;
  /**
   * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), except that it comes only once.
   * @throws SignInRefused
   */
  readLogoutToken?(token: string): Promise<LogoutNotice>;
  /** Our metadata for the provider, XML (SAML). */
  metadata?(): string;
  /** Stops timers. */
  close(): void;
}

/** Remembers ids that are accepted once: SAML assertion ids, logout tokens' `jti`. Shared by all gateways of a store. */
export interface UsedOnce {
  /**
   * Marks an id as used, atomically.
   * @param kind keeps ids of different kinds apart
   * @param until how long to remember it, milliseconds since the epoch
   * @returns false when it was used before
   */
  use(kind: string, id: string, until: number): Promise<boolean>;
}
