import type * as z from "zod";
import type { Secret } from "../kernel/secret.ts";
import type { NotificationsConfiguration } from "./notifications.ts";

/** What a protocol tells the configuration about itself; `gate/protocol.ts` extends it. */
export interface ProtocolSchema {
  /** The key in a connection's configuration, for example `postgres`. */
  readonly kind: string;
  /** How the target is reached. Secrets in it use `secretSchema` from this folder's `secrets.ts`. */
  readonly target: z.ZodType;
  /** What one operation may say. */
  readonly scope: z.ZodType;
  /** Members of a scope that are in the design and not built yet: named in a file, they are refused as not enforceable. */
  readonly notEnforceable: readonly string[];
  /** Problems that a schema cannot see, each at a path inside the scope. */
  readonly check?: (scope: unknown) => readonly ScopeProblem[];
}

/** A problem inside a scope. */
export interface ScopeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** An error in a configuration file, placed for editors: `file:line:column: message`. */
export interface ConfigurationProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** A valid configuration: complete, frozen, with every default filled in. Durations in milliseconds. */
export interface Configuration {
  readonly file: string;
  /** Digest of everything that decides: `sha256:…`; secrets count by where they come from, not by value. */
  readonly digest: string;
  readonly url: string;
  readonly listen: { readonly https: ListenAddress; readonly postgres?: ListenAddress };
  /** Certificate and key in PEM; left out: a local CA is made under `dataFolder`. */
  readonly tls?: { readonly certificate: string; readonly key: Secret };
  readonly store:
    | { readonly kind: "sqlite"; readonly file: string }
    | { readonly kind: "postgres"; readonly url: Secret };
  /** Where the local CA, the log and the like live. */
  readonly dataFolder: string;
  readonly identity: IdentityConfiguration;
  readonly connections: ReadonlyMap<string, ConnectionConfiguration>;
  readonly policies: readonly PolicyConfiguration[];
  readonly audit: AuditConfiguration;
  readonly limits: Limits;
  readonly notifications: NotificationsConfiguration;
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PostgreSQL only: lets a client on the loopback address connect without TLS, with SCRAM-SHA-256 alone. */
  readonly allowInsecureLoopback: boolean;
}

export interface IdentityConfiguration {
  readonly agents: readonly AgentProvider[];
  readonly people: {
    /** OAuth clients through which people themselves come (the CLI, the console). A token of any other client is an agent's. */
    readonly clients: readonly string[];
    /** Sign-in through OpenID Connect, where it is configured. */
    readonly oidc?: OidcConfiguration;
    /** Sign-in through SAML 2.0, where it is configured. */
    readonly saml?: SamlConfiguration;
    readonly sessions: {
      /** How long a browser session lives without being used, milliseconds. */
      readonly idle: number;
      /** How long it lives at all, milliseconds. */
      readonly absolute: number;
    };
    /** How old groups may be when a person decides something and the provider cannot be asked, milliseconds. */
    readonly groupsMaxAge: number;
  };
  readonly roles: Readonly<Record<"reviewer" | "operator" | "auditor", readonly string[]>>;
}

/** An OpenID provider through which people sign in: an Okta org, or one of its authorization servers. */
export interface OidcConfiguration {
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

/** A SAML 2.0 identity provider through which people sign in. */
export interface SamlConfiguration {
  /** The identity provider's metadata, XML, as the file holds it. */
  readonly metadata: string;
  /** The gateway's own entity id: the URL of its metadata unless configured. */
  readonly entityId: string;
  readonly groupsAttribute: string;
  /** Which attribute holds the login; left out: the NameID. */
  readonly loginAttribute?: string;
  /** Whether a sign-in may begin at the provider, without a request of ours. */
  readonly allowProviderInitiated: boolean;
  /** By how much the provider's clock and ours may differ, milliseconds. */
  readonly clockSkew: number;
  /** On the button. */
  readonly label: string;
}

/** One Okta custom authorization server. */
export interface AgentProvider {
  readonly issuer: string;
  /** What `aud` of a token for this gateway may be. */
  readonly audiences: readonly string[];
  readonly groupsClaim: string;
  /** Accepted signature algorithms. */
  readonly algorithms: readonly ("RS256" | "ES256")[];
  readonly directory: ReadonlyMap<string, DirectoryEntry>;
  /** How long keys are trusted while the provider cannot be reached, milliseconds. */
  readonly outage: number;
  readonly introspection?: {
    readonly clientId: string;
    readonly clientSecret: Secret;
    /** Milliseconds between looks at a live session. */
    readonly every: number;
  };
  /** PEM of the CA that signed the provider's certificate, where it is not a public one. */
  readonly ca?: string;
  /** Lets the issuer be http://127.0.0.1 or http://localhost; for the demo and tests. */
  readonly allowInsecureLoopback: boolean;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly owner?: string;
  readonly groups: readonly string[];
}

export interface ConnectionConfiguration {
  readonly name: string;
  /** The protocol's kind. */
  readonly kind: string;
  /** As the protocol's `target` schema parsed it. */
  readonly target: unknown;
  readonly operations: ReadonlyMap<string, OperationConfiguration>;
}

export interface OperationConfiguration {
  readonly name: string;
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  /** As the protocol's `scope` schema parsed it. */
  readonly scope: unknown;
  /** Digest of connection, name, description, risk and scope: what a reviewer's yes is bound to. */
  readonly digest: string;
}

/** Same shape as the policy folder's PolicyEntry, so that main can hand it over. */
export interface PolicyConfiguration {
  readonly name: string;
  readonly forbid: boolean;
  readonly groups: readonly string[];
  readonly connection: string;
  readonly operations: readonly string[];
  readonly ttl?: { readonly default: number; readonly max: number };
  readonly when?: string;
  readonly approval?: {
    readonly by: readonly string[];
    readonly count: number;
    readonly within: number;
    readonly escalate?: { readonly after: number; readonly to: readonly string[] };
    readonly freshSignIn?: number;
    readonly refusals: number;
  };
  readonly breakGlass?: boolean;
}

export interface AuditConfiguration {
  /** Folder of the log's files. */
  readonly folder: string;
  /** The log's name, as checkpoints carry it. */
  readonly name: string;
  /** `batched`: acts reach the disk at most 50 ms later; `always`: before the act. */
  readonly sync: "batched" | "always";
  /** Milliseconds between checkpoints while records come in. */
  readonly checkpointEvery: number;
  /** A file with a checkpoint that the operator keeps elsewhere: the log must contain it, or the start is refused. */
  readonly witnessed?: string;
}

export interface Limits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Sessions of protocols with a port of their own, each of which costs its target a connection. */
  readonly sessionsPerGrant: number;
  readonly sessionsPerPrincipal: number;
  /** Milliseconds for a client's handshake, TLS and authentication included. */
  readonly handshake: number;
  /** Largest message from a client, bytes. */
  readonly messageBytes: number;
  /** Pending requests of one principal. */
  readonly pendingPerPrincipal: number;
}
