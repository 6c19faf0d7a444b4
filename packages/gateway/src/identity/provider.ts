import type { Secret } from "../kernel/secret.ts";

/** One Okta custom authorization server that is trusted to say who somebody is; configuration's AgentProvider fits. */
export interface TrustedProvider {
  readonly issuer: string;
  /** The audiences of this gateway: the server's own, and the gateway's resource URL for registered agents. */
  readonly audiences: readonly string[];
  readonly groupsClaim: string;
  readonly algorithms: readonly ("RS256" | "ES256")[];
  /** Agents by client id: Okta puts no groups into a service app's token. */
  readonly directory: ReadonlyMap<
    string,
    { readonly name: string; readonly owner?: string; readonly groups: readonly string[] }
  >;
  /** How long keys are trusted after the last successful fetch, milliseconds. */
  readonly outage: number;
  readonly introspection?: {
    readonly clientId: string;
    readonly clientSecret: Secret;
    /** Milliseconds between looks at a live session. */
    readonly every: number;
  };
  /** PEM of the CA that signed the provider's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Lets the issuer be http on the loopback address. */
  readonly allowInsecureLoopback: boolean;
}
