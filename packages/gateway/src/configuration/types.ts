import type * as z from "zod";
import type { CheckpointSettings } from "../kernel/checkpoint-settings.ts";
import type { S3Settings } from "../kernel/s3-settings.ts";
import type { Secret } from "../kernel/secret.ts";
import type { McpClientConfiguration } from "./mcp-clients.ts";
import type { NotificationsConfiguration } from "./notifications.ts";
import type { ExportSettings } from "../kernel/export-settings.ts";
import type { OidcSettings } from "../kernel/oidc-settings.ts";
import type { OktaApiSettings } from "../kernel/okta-api-settings.ts";
import type { PolicyEntry } from "../kernel/policy-entry.ts";
import type { TrustedProvider } from "../kernel/trusted-provider.ts";
import type { ShutdownConfiguration } from "./shutdown.ts";
import type { SignalsConfiguration } from "./signals.ts";
import type { TelemetryConfiguration } from "./telemetry.ts";

/** A protocol, as the configuration needs it; `gate/protocol.ts` extends this. */
export interface ProtocolSchema {
  /** The key in a connection's configuration, for example `postgres`. */
  readonly kind: string;
  /** How the target is reached. Secrets in it use `secretSchema` from this folder's `secrets.ts`. */
  readonly target: z.ZodType;
  /** Its own port, `listen.KIND`; left out: it is reached over HTTPS, or not at all. */
  readonly port?: PortSchema;
  /** The scope of one operation. */
  readonly scope: z.ZodType;
  /** Planned members of a scope: a file that names one is refused as not enforceable yet. */
  readonly notEnforceable: readonly string[];
  /**
   * Members of a scope, lists, mappings and switches, that the first release did not have. An operation's digest leaves them out
   * while they are empty or off, so that an upgrade does not end the grants of operations that it does not change.
   */
  readonly laterMembers?: readonly string[];
  /** Problems beyond what a schema can express, each at a path inside the scope. */
  readonly check?: (scope: unknown) => readonly ScopeProblem[];
  /**
   * The widest scope that can be enforced and recorded, for a connection that is observed; `scope` takes it from no file.
   * Left out: its connections cannot be observed.
   */
  readonly observed?: () => unknown;
}

/** A protocol's own port, as the configuration needs it. */
export interface PortSchema {
  /** The address that a hint proposes, for example `0.0.0.0:6432`. */
  readonly example: string;
  /** Whether a setting can allow clients on the loopback address to connect without TLS. */
  readonly mayAllowInsecureLoopback: boolean;
}

/** A problem inside a scope. */
export interface ScopeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** An error in a configuration file, with its place in the form that editors read: `file:line:column: message`. */
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
  /** What it was read from: the main file, the included files and the folders that they were found in. */
  readonly files: readonly string[];
  /** Digest of everything that decides: `sha256:…`; secrets are represented by their source, not by value. */
  readonly digest: string;
  readonly url: string;
  readonly listen: {
    readonly https: ListenAddress;
    /** For Prometheus alone; left out: there is none. */
    readonly metrics?: ListenAddress;
    /** Protocols' own ports, by the protocol's kind. */
    readonly ports: ReadonlyMap<string, ListenAddress>;
  };
  /** Certificate and key in PEM; left out: a local CA is made under `dataFolder`. */
  readonly tls?: { readonly certificate: string; readonly key: Secret };
  readonly store:
    | { readonly kind: "sqlite"; readonly file: string }
    | { readonly kind: "postgres"; readonly url: Secret };
  /** The folder of the local CA, the log and the like. */
  readonly dataFolder: string;
  readonly identity: IdentityConfiguration;
  readonly connections: ReadonlyMap<string, ConnectionConfiguration>;
  readonly policies: readonly PolicyEntry[];
  readonly audit: AuditConfiguration;
  readonly limits: Limits;
  readonly shutdown: ShutdownConfiguration;
  readonly notifications: NotificationsConfiguration;
  readonly export: ExportSettings;
  /** Left out where the file says nothing of it. */
  readonly telemetry?: TelemetryConfiguration;
}

/** An address to listen at. */
export interface ListenAddress {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Allows clients on the loopback address to connect without TLS, where the protocol supports that. */
  readonly allowInsecureLoopback: boolean;
}

export interface IdentityConfiguration {
  readonly agents: readonly AgentProvider[];
  /** The client for coding agents that know only the gateway's URL; left out: they need their own. */
  readonly mcpClients?: McpClientConfiguration;
  /** How the provider tells the gateway that somebody is no longer good; left out: not at all. */
  readonly signals?: SignalsConfiguration;
  readonly people: {
    /** OAuth clients of people themselves (the CLI, the console). A token of any other client is an agent's. */
    readonly clients: readonly string[];
    /** The issuers of those clients: the same client id at another of the agents' issuers is a different client. */
    readonly issuers: readonly string[];
    /** Sign-in through OpenID Connect, where it is configured. */
    readonly oidc?: OidcSettings;
    /** Sign-in through SAML 2.0, where it is configured. */
    readonly saml?: SamlConfiguration;
    readonly sessions: {
      /** Maximum idle time of a browser session, milliseconds. */
      readonly idle: number;
      /** Maximum lifetime of a browser session, milliseconds. */
      readonly absolute: number;
    };
    /** Maximum age of groups for a decision when the provider cannot be asked, milliseconds. */
    readonly groupsMaxAge: number;
  };
  readonly roles: Readonly<Record<"reviewer" | "operator" | "auditor", readonly string[]>>;
}

/** A SAML 2.0 identity provider through which people sign in. */
export interface SamlConfiguration {
  /** The identity provider's metadata, XML, from the file. */
  readonly metadata: string;
  /** The gateway's own entity id: the URL of its metadata unless configured. */
  readonly entityId: string;
  readonly groupsAttribute: string;
  /** The attribute with the login; left out: the NameID. */
  readonly loginAttribute?: string;
  /** The attribute with the provider's own id of the person; left out: none. */
  readonly idAttribute?: string;
  /** Whether a sign-in may begin at the provider, without a request from us. */
  readonly allowProviderInitiated: boolean;
  /** Maximum difference between the provider's clock and ours, milliseconds. */
  readonly clockSkew: number;
  /** On the button. */
  readonly label: string;
}

/** One Okta custom authorization server, with what the gateway itself needs of it. */
export interface AgentProvider extends TrustedProvider {
  /** The scopes that clients are told to ask for. */
  readonly scopes: readonly string[];
  readonly oktaApi?: OktaApiSettings;
  /** Whether tokens bound to a key (DPoP) are accepted, or required. */
  readonly dpop: "accept" | "require";
}

export interface ConnectionConfiguration {
  readonly name: string;
  /** The protocol's kind. */
  readonly kind: string;
  /** Parsed by the protocol's `target` schema. */
  readonly target: unknown;
  readonly operations: ReadonlyMap<string, OperationConfiguration>;
}

export interface OperationConfiguration {
  readonly name: string;
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  /** Parsed by the protocol's `scope` schema. */
  readonly scope: unknown;
  /** Digest of connection, name, description, risk and scope, to which a reviewer's approval is bound. */
  readonly digest: string;
  /** When it ends, milliseconds since the epoch: no grant of it lasts longer. Left out: never. */
  readonly until?: number;
}

export interface AuditConfiguration {
  /** Folder of the log's files. */
  readonly folder: string;
  /** The log's name in checkpoints. */
  readonly name: string;
  /** `batched`: acts reach the disk at most 50 ms later; `always`: before the act. */
  readonly sync: "batched" | "always";
  /** Milliseconds between checkpoints while records come in. */
  readonly checkpointEvery: number;
  /** Bytes of the log's disk that are kept for ends; left out: a twentieth of it, 256 MiB at most. */
  readonly reserve?: number;
  /** A checkpoint file that the operator keeps elsewhere: a log that does not contain it refuses the start. */
  readonly witnessed?: string;
  /** Where checkpoints go, outside the log's folder. */
  readonly checkpoints?: CheckpointSettings;
  /** Left out: everything is kept for ever. */
  readonly retention?: RetentionConfiguration;
}

/** How long, and how much of, the audit log is kept: one of `keep` and `size` at least. */
export interface RetentionConfiguration {
  /** Milliseconds. */
  readonly keep?: number;
  /** Bytes. */
  readonly size?: number;
  /** The folder that what goes is archived in. */
  readonly archive: string;
  /** Where the archive goes on to; left out: nowhere. */
  readonly bucket?: S3Settings;
}

export interface Limits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Sessions of protocols with their own port, each of which needs a connection to its target. */
  readonly sessionsPerGrant: number;
  readonly sessionsPerPrincipal: number;
  /** Time limit of a client's handshake, including TLS and authentication, milliseconds. */
  readonly handshake: number;
  /** Maximum size of a client's message, bytes. */
  readonly messageBytes: number;
  /** Maximum length of one text of statements, bytes: judging it takes time and memory. */
  readonly statementBytes: number;
  /** Maximum number of pending requests of one principal. */
  readonly pendingPerPrincipal: number;
  /** Acts of one grant for as long as it lasts, and the bytes of their records; of one principal twice as many. */
  readonly actsPerSecond: number;
  readonly recordBytesPerSecond: number;
}
