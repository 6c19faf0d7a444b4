import type { Logger } from "pino";
import { createApi } from "../api/server.ts";
import { createSharedResources } from "../gate/web/sessions/sharing.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import type { Listener } from "./listeners/listener.ts";
import { createDrain } from "./drain.ts";
import { endSessions } from "./end-sessions.ts";
import { lockDownAtStart } from "./lockdown-at-start.ts";
import { tidyPreviousRun } from "./previous-run/tidy.ts";
import { createProtocols, protocolFactories, type ProtocolFactory } from "./protocols.ts";
import type { Reload } from "./reload.ts";
import { createAdopt } from "./wiring/adopt.ts";
import { createApiServices } from "./wiring/api-services.ts";
import type { Boot } from "./wiring/boot.ts";
import { loadFirst, surroundingsOf } from "./wiring/first.ts";
import { makeGates } from "./wiring/make-gates.ts";
import { createGatewayMetrics } from "./wiring/gateway-metrics.ts";
import { startIdentity } from "./wiring/identity/identity-services.ts";
import { startSignals } from "./wiring/identity/start-signals.ts";
import { listenOnPorts, loopbackOf } from "./wiring/protocol-listeners.ts";
import { startMetricsPort } from "./wiring/metrics-port.ts";
import { createReloader, inForceThere } from "./wiring/reloader.ts";
import { openRecords } from "./wiring/records.ts";
import { followStore } from "./wiring/follow-store.ts";
import { startGrants } from "./wiring/start-grants.ts";
import { startProbes } from "./wiring/start-probes.ts";
import { startNotifying } from "./wiring/start-notifying.ts";
import { createWeb, listenHttps } from "./wiring/web.ts";
import { sharedFolder, type WorkerPlace } from "./workers/place.ts";
import { grantsAmong } from "./workers/grants.ts";
import type { InForceThere } from "./workers/messages.ts";
import { metricsAmong } from "./workers/metrics.ts";
import type { Siblings } from "./workers/siblings.ts";

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Locks down before anybody is let in, for this reason. */
  readonly lockdown?: string;
  /** Where it is one of several processes behind the same ports. */
  readonly worker?: GatewayWorker;
  /** What makes the protocols; left out: those that mayflyd serves. */
  readonly protocols?: readonly ProtocolFactory[];
}

/** Which of several processes it is, and how it reaches the others. */
export interface GatewayWorker {
  readonly place: WorkerPlace;
  readonly siblings: Siblings;
  /** The digest of the configuration that the others run; undefined where it is the first. */
  readonly configuration?: string;
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly url: string;
  readonly httpsPort: number;
  /** The ports beside it that were really taken: those of protocols by kind, and `metrics`. */
  readonly ports: ReadonlyMap<string, number>;
  /** The local CA's certificate, where the gateway made its own. */
  readonly caFile: string | undefined;
  /** @param expected the digest of the only configuration that is adopted; left out: whichever the file holds */
  reload(expected?: string): Promise<Reload>;
  /** What is in force now. */
  inForce(): InForceThere;
  /**
   * Lets open sessions go on and opens no new ones, for as long as `shutdown` of the configuration says; then call `stop`.
   * @param now ends the drain before
   */
  drain(now: AbortSignal): Promise<void>;
  /** Takes nobody in, tells every session, flushes the log. */
  stop(reason: string): Promise<void>;
}

/**
 * Starts a gateway: every part in the order in which the next one needs it, and undone in reverse when one fails.
 * @throws MayflyError with a hint when the file, the log, the store, a certificate or a port cannot be used
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    await undoAll(undo, options.logger);
    throw error;
  }
}

async function undoAll(undo: readonly (() => Promise<void> | void)[], logger: Logger): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      logger.error({ error: messageOf(error) }, "a part did not stop as it should");
    }
  }
}

async function start(options: GatewayOptions, undo: (() => Promise<void> | void)[]): Promise<RunningGateway> {
  const { clock, logger, worker } = options;
  const fault = (error: unknown): void => logger.error({ error: messageOf(error) }, "fault");
  const boot: Boot = { clock, logger, fault, onStop: (step) => void undo.push(step) };

  const factories = options.protocols ?? protocolFactories;
  const inForce = await loadFirst(options, factories);
  const first = inForce.adopted.configuration;
  /** Without a slash at its end. */
  const url = first.url.replace(/\/+$/, "");
  const protocols = createProtocols(
    surroundingsOf(boot, inForce, url, () => records, worker?.siblings),
    factories,
  );
  await Promise.all(protocols.map((protocol) => protocol.ready()));

  const records = await openRecords(boot, first, options);
  const listeners = new Map<string, Listener>();
  const sharing = createSharedResources();
  boot.onStop(() => sharing.workers.close());
  const ownMetrics = createGatewayMetrics({
    records,
    sharing,
    listeners,
    grants: () => grants,
    gates: () => gates,
    systemLog: () => systemLog,
    health: () => watching,
    places: () => web.places,
  });
  const metrics =
    worker === undefined ? ownMetrics : { ...ownMetrics, text: metricsAmong(worker.siblings, ownMetrics) };
  const identity = await startIdentity(boot, inForce, records, () => grants, worker?.siblings);
  const ownGrants = await startGrants(boot, inForce, records, identity, protocols, metrics.grants);
  const grants = worker === undefined ? ownGrants : grantsAmong(worker.siblings, ownGrants, fault);
  if (options.lockdown !== undefined) await lockDownAtStart(grants, options.lockdown, logger);
  boot.onStop(followStore(records.store.changes, grants, identity, records.exchange));
  const processes = worker?.place.count ?? 1;
  const gates = makeGates({ boot, inForce, records, identity, grants, metrics, processes });
  const { sink, systemLog } = startSignals(boot, inForce, records, identity, grants, metrics);
  const notifications = await startNotifying(boot, inForce, records, identity, grants, metrics);
  const reusePort = worker !== undefined;
  await listenOnPorts(boot, inForce, protocols, gates, metrics, listeners, reusePort);
  const ports = new Map(Array.from(listeners, ([kind, { port }]) => [kind, port]));

  const web = createWeb(boot, inForce, protocols, gates, metrics, sharing, url);
  const { router, https } = web;
  const watching = startProbes(boot, inForce, protocols);
  const { probes } = watching;
  const sweep = tidyPreviousRun(boot, inForce, records, protocols);
  const drain = createDrain({
    clock,
    logger,
    gates,
    https,
    listeners: () => [...listeners.values()],
    settings: () => inForce.adopted.configuration.shutdown,
  });
  const loopback = loopbackOf(inForce, protocols, gates, router, url);
  const api = createApiServices({
    boot,
    inForce,
    records,
    identity,
    grants,
    gates,
    protocols,
    notifications,
    sink,
    metrics,
    probes,
    loopback,
    ports,
    https,
    url,
    processes,
    isDraining: () => drain.isUnderWay,
  });
  const httpsPort = await listenHttps(boot, createApi(api.services), web, {
    ...first.listen.https,
    reusePort,
  });
  const scraped = await startMetricsPort(boot, inForce, metrics, reusePort);
  // Keys are fetched ahead; the gateway starts without them too, and is ready once they are there.
  void identity.identity.warm();

  const adopt = createAdopt({
    boot,
    inForce,
    protocols,
    identity,
    grants,
    https,
    systemLog,
    notifications,
    exports: records.exports,
    api,
    probes,
    sweep,
    tlsFolder: (next) => sharedFolder(next, worker?.place),
  });
  return {
    url: first.url,
    httpsPort,
    ports: new Map([...ports, ...scraped]),
    caFile: inForce.certificates.ca?.file,
    reload: createReloader(options, { inForce, metrics, protocols, log: records.audit.log, adopt }),
    inForce: () => inForceThere(inForce),
    drain: (now) => drain.run(now),
    async stop(reason) {
      await endSessions(gates, [...listeners.values()], reason);
      await undoAll(undo, logger);
    },
  };
}
