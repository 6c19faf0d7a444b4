import type { Secret } from "./secret.ts";

/** One Okta custom authorization server that is trusted to say who somebody is. */
export interface TrustedProvider {
  readonly issuer: string;
  /** The audiences of this gateway: the server's own, and the gateway's resource URL for registered agents. */
  readonly audiences: readonly string[];
  readonly groupsClaim: string;
  /** Whether an agent's groups are asked for at Okta's API; left out: its token's claim, else the directory, says them. */
  readonly groupsFrom?: "okta";
  readonly algorithms: readonly ("RS256" | "ES256")[];
  /** Whether tokens must be bound to a key (DPoP); left out: they may be. */
  readonly dpop?: "accept" | "require";
  /** Agents by client id: Okta puts no groups into a service app's token. */
  readonly directory: ReadonlyMap<string, DirectoryEntry>;
  /** How long keys are trusted after the last successful fetch, milliseconds. */
  readonly outage: number;
  readonly introspection?: {
    readonly clientId: string;
    readonly clientSecret: Secret;
    /** Milliseconds between looks at a live session. */
    readonly every: number;
  };
  /** How old the last proof may be that an agent is still good, milliseconds; left out: nobody asks. */
  readonly reverify?: number;
  /** PEM of the CA that signed the provider's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Lets the issuer be http on the loopback address. */
  readonly allowInsecureLoopback: boolean;
}

/** An agent, as the operator's directory has it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly owner?: string;
  readonly groups: readonly string[];
}
