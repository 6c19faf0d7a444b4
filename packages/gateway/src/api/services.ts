import type { FastifyBaseLogger, FastifyServerFactory } from "fastify";
import type * as z from "zod";
import type { AuditFeed } from "../audit/feed.ts";
import type { AuditReader } from "../audit/index-port.ts";
import type { AuditLog } from "../audit/log.ts";
import type { PolicyConfiguration } from "../configuration/types.ts";
import type { LiveSession } from "../gate/live.ts";
import type { GrantRules, Grants } from "../grants/grants.ts";
import type { Grant } from "../grants/types.ts";
import type { Identity } from "../identity/identity.ts";
import type { People } from "../identity/people.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Notifications } from "../notifications/notifications.ts";
import type { Doors } from "./mcp/doors.ts";
import type { accessSchema } from "./schemas.ts";

/** Ready-made ways into a connection: a DSN, variables, a base URL; what `main` builds from a grant. */
export type Access = z.infer<typeof accessSchema>;

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

/** Everything the API needs; `main` wires it. */
export interface ApiServices {
  readonly identity: Identity;
  /** How people sign in, their browser sessions, and their groups at the moment of a decision. */
  readonly people: People;
  readonly grants: Grants;
  readonly reader: AuditReader;
  /** Records as they are written. */
  readonly feed: AuditFeed;
  readonly log: AuditLog;
  /** Webhooks and Slack. */
  readonly notifications: Pick<Notifications, "deliveries" | "replay" | "slack">;
  /** The operations as configured now, to show a reviewer what is asked for. */
  inventory(): GrantRules["inventory"];
  /** The policies in force, as configured. */
  policies(): readonly PolicyConfiguration[];
  /** The sessions that are open on this gateway, and what each is doing. */
  sessions(): readonly LiveSession[];
  /** The connections as configured, with their health as last seen. */
  connections(): readonly ConnectionFacts[];
  /** The ways in of an active grant; with its secret in them when it is given. */
  access(grant: Grant, secret?: string): Access;
  /** The gateway's own doors, for the tools of MCP; left out where none is served. */
  readonly doors?: Doors;
  health(): Health;
  /** Prometheus text. */
  metrics(): string | Promise<string>;
  readonly clock: Clock;
  /** The gateway's own URL, as the configuration gives it: the OAuth resource. Without a slash at its end. */
  readonly url: string;
  /** Issuers of the tokens that are accepted. */
  readonly issuers: readonly string[];
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
  /** Sign-ins that one address may begin, finish or fail, a second; and at once. */
  readonly signInRate: number;
  readonly signInBurst: number;
  /** Addresses and principals remembered, each; the longest unseen is forgotten first. */
  readonly remembered: number;
}
