import type { Secret } from "./secret.ts";

/** An OpenID provider through which people sign in: an Okta org, or one of its authorization servers. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Left out for a client without one: PKCE alone protects the code then. */
  readonly clientSecret?: Secret;
  readonly groupsClaim: string;
  /** Which claim holds the login. */
  readonly loginClaim: string;
  readonly scopes: readonly string[];
  /** Accepted signature algorithms of ID tokens and logout tokens. */
  readonly algorithms: readonly ("RS256" | "ES256")[];
  /** PEM of the CA that signed the provider's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Lets the issuer be http://127.0.0.1 or http://localhost; for the demo and tests. */
  readonly allowInsecureLoopback: boolean;
  /** On the button. */
  readonly label: string;
}
