import type { Secret } from "../../../kernel/secret.ts";

/** The provider through which people sign in; configuration's OidcConfiguration fits. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: Secret;
  readonly groupsClaim: string;
  readonly loginClaim: string;
  readonly scopes: readonly string[];
  readonly algorithms: readonly ("RS256" | "ES256")[];
  /** PEM of the CA that signed the provider's certificate, where it is not a public one. */
  readonly ca?: string;
  readonly allowInsecureLoopback: boolean;
  readonly label: string;
}
