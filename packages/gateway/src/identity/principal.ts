import type { Requester } from "../kernel/requester.ts";

/** What a person may do in Mayfly beyond requesting; from groups, by `identity.roles`. */
export type Role = "reviewer" | "operator" | "auditor";

/** An authenticated identity: an agent (a service app, or a tool acting for a person) or a person. */
export interface Principal extends Requester {
  /**
   * What a person's provider says they are called. For screens, beside the login; never compared and in no record.
   */
  readonly displayName?: string;
  /** Empty for agents: an agent never reviews, operates or audits. */
  readonly roles: readonly Role[];
}

/** A principal whose token, or browser session, has been verified just now. */
export interface Verified {
  readonly principal: Principal;
  /** SHA-256 of the token or of the session's cookie, hexadecimal; the value itself is kept nowhere but in memory. */
  readonly tokenDigest: string;
  /** When the token, or the browser session, expires, milliseconds since the epoch. */
  readonly expiresAt: number;
  /**
   * When the person last authenticated (`auth_time`, SAML's AuthnInstant), milliseconds since the epoch; left out where
   * the provider did not say, which counts as long ago.
   */
  readonly authenticatedAt?: number;
  /** When the provider last said these groups (a token's `iat`), milliseconds since the epoch. */
  readonly groupsAsOf: number;
  /** The thumbprint (RFC 7638) of the key that the token is bound to, which its holder has proved; left out: a bearer token. */
  readonly key?: string;
  /** The id of the browser session, where one authenticated the request. */
  readonly session?: string;
}
