import type { LoopbackClients } from "../../gate/tools/loopback.ts";
import { shareOfLimits } from "../../api/admission/limits.ts";
import { createToolbox } from "../../api/mcp/tools.ts";
import type { ApiServices } from "../../api/services.ts";
import { type Change, touchesSignals } from "../../configuration/changes.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { Gates } from "../../gate/create.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { SignalChannel, SignalSink } from "../../identity/signals/signal.ts";
import type { Notifications } from "../../notifications/notifications.ts";
import type { HttpsServer } from "../listeners/https.ts";
import { rulesOf } from "../load.ts";
import { healthOf } from "../telemetry/health.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Probes } from "../telemetry/probes.ts";
import type { Boot, InForce } from "./boot.ts";
import { createProbes } from "../../probes/probes.ts";
import { connectionsNow } from "./connections-now.ts";
import type { IdentityServices } from "./identity/identity-services.ts";
import { mcpClientsOf, scopesOf } from "./identity/mcp-clients.ts";
import { type SignalChannels, signalChannelsOf } from "./identity/signal-channels.ts";
import { gatewayPlace, probedConnections } from "./probed-connections.ts";
import type { Records } from "./records.ts";
import type { GrantService } from "./start-grants.ts";

export interface ApiServicesParts {
  readonly boot: Boot;
  readonly inForce: InForce;
  readonly records: Records;
  readonly identity: IdentityServices;
  readonly grants: GrantService;
  readonly gates: Gates;
  readonly protocols: readonly AnyProtocol[];
  readonly notifications: Notifications;
  readonly sink: SignalSink;
  readonly metrics: Metrics;
  readonly probes: Probes;
  readonly loopback: LoopbackClients;
  /** The ports that protocols of their own listen on, by kind. */
  readonly ports: ReadonlyMap<string, number>;
  readonly https: HttpsServer;
  readonly isDraining: () => boolean;
  /** The gateway's own URL, without a slash at its end. */
  readonly url: string;
  /** Behind the same ports. */
  readonly processes: number;
}

/** What the API is made of, read anew wherever a reload changes it. */
export interface ManagedApiServices {
  readonly services: ApiServices;
  /** Puts the channels and clients of another configuration in force. */
  adopt(next: Configuration, changes: readonly Change[]): void;
}

/** What a reload swaps. */
interface Swapped {
  mcpClients: ReturnType<typeof mcpClientsOf>;
  channels: SignalChannels;
}

export function createApiServices(parts: ApiServicesParts): ManagedApiServices {
  const { clock, logger, onStop } = parts.boot;
  const first = parts.inForce.adopted.configuration;
  const channelParts = {
    sink: parts.sink,
    remembered: parts.records.store.browserSessions,
    refused: (channel: SignalChannel) => parts.metrics.signalRefused(channel),
    clock,
    logger,
  };
  const swapped: Swapped = {
    mcpClients: mcpClientsOf(first, clock, logger),
    channels: signalChannelsOf(first, channelParts),
  };
  onStop(() => swapped.channels.close());
  return {
    services: servicesOf(parts, swapped),
    adopt(next, changes) {
      swapped.mcpClients = mcpClientsOf(next, clock, logger);
      if (!changes.some(touchesSignals)) return;
      swapped.channels.close();
      swapped.channels = signalChannelsOf(next, channelParts);
    },
  };
}

function servicesOf(parts: ApiServicesParts, swapped: Swapped): ApiServices {
  const { boot, inForce, records, grants, gates, protocols, url } = parts;
  const { identity, people, dpop } = parts.identity;
  const { audit, reader, logs, logsFeed, feed, keeper } = records;
  const { log } = audit;
  const configuration = (): Configuration => inForce.adopted.configuration;
  const first = configuration();
  const { ca } = inForce.certificates;
  return {
    loopback: parts.loopback,
    toolbox: createToolbox(protocols),
    identity,
    people,
    grants,
    reader,
    logs,
    logsFeed,
    listLogs: records.listLogs,
    retireLog: records.retireLog,
    feed,
    log,
    notifications: parts.notifications,
    inventory: () => rulesOf(inForce.adopted, protocols).inventory,
    policies: () => configuration().policies,
    sessions: () => gates.look(),
    connections: () => connectionsNow(configuration(), protocols, (name) => parts.probes.health(name)),
    probes: createProbes({
      clock: boot.clock,
      log,
      store: records.store.probes,
      connections: probedConnections({ configuration, protocols, health: parts.probes, clock: boot.clock }),
      gateway: () => gatewayPlace(url, parts.ports),
      locked: () => grants.locked?.reason,
      configuration: () => configuration().digest,
    }),
    access({ id, connection }, secret) {
      const kind = configuration().connections.get(connection)?.kind ?? "";
      const protocol = protocols.find((each) => each.kind === kind);
      const endpoints = { url, port: parts.ports.get(kind), ca: inForce.certificates.ca?.certificate };
      return protocol?.access({ id, connection, secret }, endpoints) ?? { protocol: kind, env: {} };
    },
    health: () =>
      healthOf({
        identity,
        grants,
        log,
        folder: first.audit.folder,
        store: keeper,
        isDraining: parts.isDraining(),
      }),
    scrapeToken: () => configuration().telemetry?.metrics.token,
    metrics: () => parts.metrics.text(),
    clock: boot.clock,
    url: first.url,
    get issuers() {
      return configuration().identity.agents.map(({ issuer }) => issuer);
    },
    get scopes() {
      return scopesOf(configuration());
    },
    get mcpClients() {
      return swapped.mcpClients;
    },
    get signals() {
      return swapped.channels.services;
    },
    dpop: {
      get isRequired() {
        return configuration().identity.agents.every((provider) => provider.dpop === "require");
      },
      nonceFor: (shown) => dpop.nonceFor(shown),
    },
    ...(ca === undefined ? {} : { ca: ca.certificate }),
    limits: shareOfLimits(parts.processes),
    logger: boot.logger,
    serverFactory: parts.https.factory,
  };
}
