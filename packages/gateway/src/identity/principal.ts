/** What a person may do in Mayfly beyond requesting; from groups, by `identity.roles`. */
export type Role = "reviewer" | "operator" | "auditor";

/** Someone named by an issuer. Two are the same when both fields are equal, never by name or e-mail. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/** The person behind an agent that acts for one. */
export interface PersonBehind extends Subject {
  /** The provider's own id of the person (Okta's `uid`), which no renaming changes. */
  readonly uid?: string;
  /** The person's groups, where the token says them. They never stand in for the agent's. */
  readonly groups?: readonly string[];
}

/** An authenticated identity: an agent (a service app, or a tool acting for a person) or a person. */
export interface Principal extends Subject {
  readonly kind: "agent" | "person";
  /** Of a person: the provider's own id (Okta's `uid`), which no renaming changes. */
  readonly uid?: string;
  /**
   * The OAuth client that presented the token (Okta's `cid`). For an agent it is the agent; `subject` of a
   * delegated token is the person, or the machine that it acts for.
   */
  readonly client: string;
  /** For people to read: the directory's name, the login, or the client id. Never compared. */
  readonly name: string;
  /**
   * What a person's provider says they are called. For screens, beside the login; never compared and in no record.
   */
  readonly displayName?: string;
  /** The person answerable for an agent, as the directory names them (a login). */
  readonly owner?: string;
  /** Groups in force for requests, its own: from the token's claim, else from the directory. May be empty. */
  readonly groups: readonly string[];
  /** Where the groups are from. */
  readonly groupsFrom?: "token" | "directory";
  /** The person behind an agent that acts for one. */
  readonly person?: PersonBehind;
  /** The `act` chain's subjects, nearest actor first (RFC 8693, section 4.1). */
  readonly actors: readonly string[];
  /** Empty for agents: an agent never reviews, operates or audits. */
  readonly roles: readonly Role[];
}

/** One text for one principal, for comparing and indexing: a delegated agent differs per person. */
export function principalKey(principal: Principal): string {
  return JSON.stringify([principal.kind, principal.issuer, principal.subject, principal.client]);
}

/** A principal whose token, or browser session, has been verified just now. */
export interface Verified {
  readonly principal: Principal;
  /** SHA-256 of the token or of the session's cookie, hexadecimal; the value itself is kept nowhere but in memory. */
  readonly tokenDigest: string;
  /** When the token, or the browser session, expires, milliseconds since the epoch. */
  readonly expiresAt: number;
  /**
   * When the person last proved who they are (`auth_time`, SAML's AuthnInstant), milliseconds since the epoch; left
   * out where the provider did not say, which counts as long ago.
   */
  readonly authenticatedAt?: number;
  /** When the provider last said these groups (a token's `iat`), milliseconds since the epoch. */
  readonly groupsAsOf: number;
  /** The id of the browser session, where one authenticated the request. */
  readonly session?: string;
}
