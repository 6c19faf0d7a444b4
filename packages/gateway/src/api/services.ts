import type { FastifyBaseLogger, FastifyServerFactory } from "fastify";
import type { AuditFeed } from "../audit/index/feed.ts";
import type { AuditReader } from "../audit/index/port.ts";
import type { LogsListed } from "../audit/logs/list.ts";
import type { LogsFeed } from "../audit/logs/feed.ts";
import type { AuditLogs } from "../audit/logs/port.ts";
import type { RetireOrder } from "../audit/logs/retire.ts";
import type { Retirement } from "../audit/logs/retired.ts";
import type { AuditLog } from "../audit/log.ts";
import type { SignalsConfiguration } from "../configuration/signals.ts";
import type { Secret } from "../kernel/secret.ts";
import type { PolicyEntry } from "../kernel/policy-entry.ts";
import type { Access } from "../gate/access.ts";
import type { LiveSession } from "../gate/live-session.ts";
import type { Probes } from "../probes/probes.ts";
import type { LoopbackClients } from "../gate/tools/loopback.ts";
import type { GrantRules, Grants } from "../grants/grants.ts";
import type { Grant } from "../grants/types.ts";
import type { PresentedToken } from "../identity/dpop/presented-token.ts";
import type { Identity } from "../identity/identity.ts";
import type { McpClients } from "../identity/mcp-clients/mcp-clients.ts";
import type { GlobalTokenRevocation } from "../identity/signals/global-token-revocation/global-token-revocation.ts";
import type { SsfReceiver } from "../identity/signals/ssf/receiver.ts";
import type { SignalChannel, SignalSink } from "../identity/signals/signal.ts";
import type { People } from "../identity/people.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Notifications } from "../notifications/notifications.ts";
import type { Toolbox } from "./mcp/tools.ts";

/** Whether the gateway can do its work now, part by part. */
export interface Health {
  readonly ready: boolean;
  /** `detail` is shown to callers on the loopback address alone: it may name hosts. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

/** A connection as the gateway sees it. */
export interface ConnectionFacts {
  readonly name: string;
  readonly protocol: string;
  /** Where it is, for people to read; holds no credential. */
  readonly address: string;
  readonly health: ConnectionHealth;
}

/** What the last look at a target said. */
export interface ConnectionHealth {
  readonly state: "up" | "down" | "unknown";
  /** Milliseconds since the epoch. */
  readonly checkedAt?: number;
  /** How long it took to log in and get an answer. */
  readonly milliseconds?: number;
  /** Why it is down; for operators alone, since it may name hosts and roles. */
  readonly detail?: string;
}

/** What the channels of the identity provider need. */
export interface SignalServices {
  readonly sink: SignalSink;
  readonly settings: SignalsConfiguration;
  /** The issuers that the org may speak of: nobody of another one is touched. */
  readonly issuers: readonly string[];
  /** Global Token Revocation; left out: not configured. */
  readonly revocations?: GlobalTokenRevocation;
  /** Security events that are pushed; left out: not configured. */
  readonly securityEvents?: SsfReceiver;
  /** Counts a call that was refused. */
  refused(channel: SignalChannel): void;
}

/** Everything the API needs; `main` wires it. */
export interface ApiServices {
  readonly identity: Identity;
  /** How people sign in, their browser sessions, and their groups at the moment of a decision. */
  readonly people: People;
  readonly grants: Grants;
  readonly reader: AuditReader;
  /** All logs of the gateways that share the store; left out: there is one. */
  readonly logs?: AuditLogs;
  /** The list of them, signed. */
  listLogs(): Promise<LogsListed>;
  /** Gives up a log whose gateway and files are gone. See createRetire. */
  retireLog(order: RetireOrder): Promise<Retirement>;
  /** Records as they are written. */
  readonly feed: AuditFeed;
  /** Those of all logs of the gateways that share the store; left out: there is one. */
  readonly logsFeed?: LogsFeed;
  readonly log: AuditLog;
  /** Webhooks and Slack. */
  readonly notifications: Pick<Notifications, "deliveries" | "replay" | "slack">;
  /** The operations as configured now, to show a reviewer what is asked for. */
  inventory(): GrantRules["inventory"];
  /** The policies in force, as configured. */
  policies(): readonly PolicyEntry[];
  /** The sessions that are open on this gateway, and what each is doing. */
  sessions(): readonly LiveSession[];
  /** The connections as configured, with their health as last seen. */
  connections(): readonly ConnectionFacts[];
  /** Tries of the ways around the gateway, by those who are to have none. */
  readonly probes: Probes;
  /** The ways in of an active grant; with its secret in them when it is given. */
  access(grant: Grant, secret?: string): Access;
  /** The tools of Mayfly's own MCP server. */
  readonly toolbox: Toolbox;
  /** The protocols' endpoints in memory, which tools enter; left out where none is served. */
  readonly loopback?: LoopbackClients;
  health(): Health;
  /** The operator's token for the metrics; undefined where there is none. */
  scrapeToken?(): Secret | undefined;
  /** Prometheus text. */
  metrics(): string | Promise<string>;
  readonly clock: Clock;
  /** The gateway's own URL, as the configuration gives it: the OAuth resource. Without a slash at its end. */
  readonly url: string;
  /** Issuers of the tokens that are accepted. */
  readonly issuers: readonly string[];
  /** The scopes that clients are told to ask for. */
  readonly scopes: readonly string[];
  /** How the provider says that somebody is no longer good; left out: no channel is configured. */
  readonly signals?: SignalServices | undefined;
  /** How access tokens that are bound to a key are taken; left out: they are not. */
  readonly dpop?: {
    /** Whether every provider's tokens must be bound. */
    readonly isRequired: boolean;
    /** The nonce for the proofs after this one, where they need one. */
    nonceFor(shown: PresentedToken): string | undefined;
  };
  /** How clients that know only the gateway's URL come to the provider; left out: they need a client id of their own. */
  readonly mcpClients?: McpClients | undefined;
  /** The certificate of the CA that the gateway made for itself, PEM; left out when the operator brought one. */
  readonly ca?: string;
  /** pino. Gets method, route, status, duration and the principal's name; never headers, bodies or query strings. */
  readonly logger: FastifyBaseLogger;
  /** Makes the HTTPS server; left out: plain HTTP, for tests. */
  readonly serverFactory?: FastifyServerFactory;
  /** Bounds; every one has a default (limits.ts). */
  readonly limits?: Partial<ApiLimits>;
}

/** What one principal or one address may use up. Rates in requests a second; a burst is what may come at once. */
export interface ApiLimits {
  readonly addressRate: number;
  readonly addressBurst: number;
  readonly principalRate: number;
  readonly principalBurst: number;
  /** Renewals of leases, of all its grants together. */
  readonly renewalRate: number;
  readonly renewalBurst: number;
  /** Long polls one principal may have open at a time. */
  readonly pollsPerPrincipal: number;
  /** Long polls open at a time, all principals together. */
  readonly polls: number;
  /** Streams of events one principal may have open at a time, a browser's tabs included. */
  readonly eventsPerPrincipal: number;
  readonly events: number;
  /** Exports of the audit log one principal may have under way at a time. */
  readonly exportsPerPrincipal: number;
  readonly exports: number;
  /** Histograms of the audit log one principal may have counted at a time: each reads thousands of records. */
  readonly histogramsPerPrincipal: number;
  readonly histograms: number;
  /** Sign-ins that one address may begin, finish or fail, a second; and at once. */
  readonly signInRate: number;
  readonly signInBurst: number;
  /** Times that one address may be handed the public client, a second; and at once. */
  readonly registrationRate: number;
  readonly registrationBurst: number;
  /** Messages of the identity provider's that are under way or were refused, of one address: a second, and at once. */
  readonly signalRate: number;
  readonly signalBurst: number;
  /** Addresses and principals remembered, each; the longest unseen is forgotten first. */
  readonly remembered: number;
}
