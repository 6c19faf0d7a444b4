/** How a person signs in. */
export type SignInMethod = "oidc" | "saml";

/** What one sign-in keeps at the gateway between its beginning and its end. In the store: never a secret. */
export type KeptForSignIn = Readonly<Record<string, string | number | boolean>>;

/** What a sign-in begins with. */
export interface SignInStart {
  /** Comes back with the provider's answer: OIDC's `state`, SAML's RelayState. 43 characters of base64url. */
  readonly handle: string;
  /**
   * Known to this gateway and to the browser's cookie alone, and stored nowhere. What only the browser that began may
   * finish with (nonce, PKCE verifier) is derived from it and the handle.
   */
  readonly binding: string;
  /** How long ago the person's proof may be, milliseconds; left out where the provider decides. */
  readonly fresh?: number;
}

/** Where to send the browser. */
export interface SignInBegun {
  readonly redirect: string;
  readonly keep: KeptForSignIn;
}

/** What came back from the provider, as it came. */
export interface SignInAnswer {
  /** Parameters of the query (OIDC) or of the form (SAML); none stands twice. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the sign-in began with; left out where the provider began it (SAML, where that is switched on). */
  readonly begun?: SignInStart & { readonly keep: KeptForSignIn; readonly at: number };
}

/** Asks the provider again about one person who signed in; lives in memory alone, because it holds their tokens. */
export interface ProviderSession {
  /**
   * The groups as the provider says them now; undefined when it cannot be asked without the person (the access token
   * is over, and there is no refresh token).
   * @throws SignInRefused provider_away (nothing is known), or refused (the person is not signed in there any more)
   */
  groupsNow(): Promise<{ readonly groups: readonly string[]; readonly asOf: number } | undefined>;
  /** Where the browser ends its session at the provider too; undefined where that is not possible. */
  signOutUrl(): string | undefined;
}

/** Who signed in, verified: everything below was signed by the provider for this gateway and this sign-in. */
export interface SignedIn {
  /** The exact issuer (OIDC) or entity id (SAML) of the provider that said so. */
  readonly issuer: string;
  /** The login: what the person is called and compared by. */
  readonly login: string;
  /** What people call the person, as `displayName` leaves it: shown beside the login, never compared. */
  readonly displayName?: string;
  /** The provider's own name for the person (`sub`, NameID): what its back-channel logout says. */
  readonly providerSubject: string;
  /** The provider's name for its session (`sid`, SessionIndex), where it has one. */
  readonly providerSession?: string;
  readonly groups: readonly string[];
  /** When the provider said these groups, milliseconds since the epoch. */
  readonly groupsAsOf: number;
  /** When the person proved who they are, milliseconds since the epoch; left out where the provider did not say. */
  readonly authenticatedAt?: number;
  /** The provider wants the session over by then (SAML's SessionNotOnOrAfter), milliseconds since the epoch. */
  readonly endsBy?: number;
  /** How to ask again; left out where the provider cannot be asked (SAML). */
  readonly live?: ProviderSession;
}

/** What a provider says ended: one of its sessions, or all of a person. */
export type LogoutNotice = {
  /** The token's own id, good for once. */
  readonly id: string;
  /** Until when a token of this id could be shown again, milliseconds since the epoch. */
  readonly until: number;
} & (
  | { readonly providerSubject: string; readonly providerSession?: string }
  | { readonly providerSubject?: string; readonly providerSession: string }
);

/** One way to sign in: OpenID Connect or SAML. It verifies; what becomes of a verified person is not its business. */
export interface SignInProvider {
  readonly method: SignInMethod;
  /** For people, on the button. */
  readonly label: string;
  /** The issuer or entity id that its people have. */
  readonly issuer: string;
  /** @throws SignInRefused provider_away */
  begin(start: SignInStart): Promise<SignInBegun>;
  /**
   * Verifies what came back. A transaction that is unknown, over or another browser's never gets here; `begun` is left
   * out only where nothing came back that could be a handle of ours.
   * @throws SignInRefused; anything else counts as not_verified
   */
  finish(answer: SignInAnswer): Promise<SignedIn>;
  /**
   * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), all but that it comes only once.
   * @throws SignInRefused
   */
  readLogoutToken?(token: string): Promise<LogoutNotice>;
  /** What the provider has to know of us, XML (SAML). */
  metadata?(): string;
  /** Stops timers. */
  close(): void;
}

/** Remembers names that may be used once: SAML assertion ids, logout tokens' `jti`. Shared by all gateways of a store. */
export interface UsedOnce {
  /**
   * Marks an id as used, atomically.
   * @param kind keeps names of different kinds apart
   * @param until how long to remember it, milliseconds since the epoch
   * @returns false when it was used before
   */
  use(kind: string, id: string, until: number): Promise<boolean>;
}
