import type { Secret } from "./secret.ts";

/** How Okta's management API is asked at the org of one authorization server, as the service app that may ask it. */
export interface OktaApiSettings {
  /** The service app that asks; it authenticates with private_key_jwt. */
  readonly clientId: string;
  /** Its private key: PEM, or a JWK. */
  readonly key: Secret;
  /** The name of that key at Okta; left out: the JWK's own `kid`, or none. */
  readonly keyId?: string;
  /** The scopes that it was granted. What no scope is named for is not asked. */
  readonly scopes: readonly string[];
  readonly groups: {
    /** Whether the groups that are assigned to the agent's app are the agent's. */
    readonly assigned: boolean;
    /** The attribute of the app's profile that lists further groups; left out: none does. */
    readonly attribute?: string;
  };
  /** How old an answer may be, milliseconds: past that nothing new is granted. */
  readonly maxAge: number;
}
