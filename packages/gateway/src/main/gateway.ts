import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { createApi } from "../api/api.ts";
import { createAuditFeed } from "../audit/feed.ts";
import { knownOf } from "../audit/known-log.ts";
import { createAuditReader } from "../audit/reader.ts";
import { openAuditLog } from "../audit/open.ts";
import { describeChanges } from "../configuration/changes.ts";
import { formatProblems } from "../configuration/problems.ts";
import type { Configuration } from "../configuration/types.ts";
import { createGates } from "../gate/create.ts";
import { createFront } from "../gate/web/front.ts";
import { openJournal } from "../grants/durability/journal-file.ts";
import { createSharing } from "../gate/web/sharing.ts";
import { createGrants } from "../grants/service.ts";
import { grantModel } from "../grants/states.ts";
import { createPeople } from "../identity/create-people.ts";
import type { Principal } from "../identity/principal.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import type { Policies } from "../policy/types.ts";
import { startNotifications } from "../notifications/notifications.ts";
import { openStore } from "../storage/store.ts";
import { accessOf } from "./access.ts";
import { createAdmission } from "./admission.ts";
import { createDoors } from "./doors/doors.ts";
import { endsFile } from "./ends-file.ts";
import { certificatesOf } from "./certificates.ts";
import { connectionsNow } from "./connections-now.ts";
import { healthOf } from "./health.ts";
import { httpsServer } from "./https.ts";
import { listen, listenError, type Listener } from "./listener.ts";
import { identityOf } from "./identity-of.ts";
import { sweepLeftBehind } from "./left-behind.ts";
import { load, rulesOf } from "./load.ts";
import { createLogKeeper, type LogKeeper } from "./log-keeper.ts";
import { createMetrics } from "./metrics.ts";
import { peopleOf, recordSignOut } from "./people-of.ts";
import { createProbes } from "./probes.ts";
import { createProtocols, protocols as knownProtocols } from "./protocols.ts";
import { ConfigurationRefused, reload, type Reload } from "./reload.ts";
import { slackPorts } from "./slack-ports.ts";
import { swappableIdentity } from "./swappable-identity.ts";
import { closeUnfinished } from "./unfinished.ts";

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly url: string;
  readonly httpsPort: number;
  readonly postgresPort: number | undefined;
  /** The local CA's certificate, where the gateway made its own. */
  readonly caFile: string | undefined;
  reload(): Promise<Reload>;
  /** Takes nobody in, tells every session, flushes the log. */
  stop(reason: string): Promise<void>;
}

/** How long sessions have to end at a stop, with all that they run upstream, milliseconds. */
const SESSIONS_END_MS = 10_000;
/** How long requests to the API have to end after that, milliseconds. */
const stopWithin = 5000;

/** How long clients have to read their last words, milliseconds. */
const farewell = 1500;

/** The principal that the gateway itself acts as, in the log. */
const system = { kind: "system", issuer: "mayflyd", subject: "mayflyd", name: "mayflyd" } as const;

type Adopted = { readonly configuration: Configuration; readonly policies: Policies };

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
  const { file, environment, clock, logger } = options;
  const fault = (error: unknown): void => logger.error({ error: messageOf(error) }, "fault");

  const loaded = await load(file, knownProtocols, environment);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  let current: Adopted = loaded;
  const first = loaded.configuration;
  let certificates = await certificatesOf(first, clock);
  const protocols = createProtocols({
    clock,
    secureContext: () => certificates.context,
    allowInsecureLoopback: first.listen.postgres?.allowInsecureLoopback === true,
    url: () => first.url.replace(/\/+$/, ""),
    gateway: () => audit.id,
    gatewayBefore: () => (known?.accepted === undefined ? undefined : known.key),
  });
  await Promise.all(protocols.map((protocol) => protocol.ready()));

  const store = await openStore(first.store, grantModel);
  undo.push(() => store.close());
  const known = knownOf(await store.logs.all(), first.audit.name, first.store.kind === "sqlite");
  // An operator has accepted that the log of another name is lost.
  const instead = known === undefined || known.name === first.audit.name ? undefined : known.name;
  let keeper: LogKeeper | undefined;
  const audit = await openAuditLog({
    folder: first.audit.folder,
    name: first.audit.name,
    clock,
    sync: first.audit.sync,
    checkpointEvery: first.audit.checkpointEvery,
    ...(first.audit.witnessed === undefined ? {} : { witnessed: first.audit.witnessed }),
    ...(known === undefined ? {} : { known }),
    onProblem(message) {
      logger.error({ problem: message }, "audit log");
      keeper?.logFailed();
    },
  });
  const { log } = audit;
  keeper = createLogKeeper({
    clock,
    audit,
    name: first.audit.name,
    ...(instead === undefined ? {} : { instead }),
    logs: store.logs,
    ...(first.store.kind === "sqlite" ? { file: first.store.file } : {}),
    onChange: (why) =>
      why === undefined
        ? logger.info({}, "the store takes writes again")
        : logger.error({ problem: why }, "store"),
  });
  if (known === undefined && audit.first > 0)
    logger.warn(
      { log: first.audit.name, records: audit.first },
      "the store does not know the audit log: what its records say has ended or is locked down is taken from there",
    );
  const kept = keeper;
  undo.push(() => kept.stop());
  undo.push(() => log.close());
  const journal = await openJournal(endsFile(first, instead));
  undo.push(() => journal.close());
  await kept.remember();
  const reader = createAuditReader({
    opened: audit,
    index: store.index(audit.id),
    clock,
    onProblem: (message) => logger.warn({ problem: message }, "audit index"),
  });
  undo.push(() => reader.close());
  const feed = createAuditFeed({ reader, written: audit.written, clock, onProblem: fault });
  undo.push(() => feed.close());
  log.append({
    type: "configuration.loaded",
    principal: system,
    configuration: first.digest,
    detail: { file, changes: ["start"] },
  });
  await log.sync();

  const identity = swappableIdentity(identityOf(first, clock, logger));
  undo.push(() => identity.close());
  const signInParts = { url: first.url, clock, usedOnce: store.browserSessions };
  let peopleRules = peopleOf(first, signInParts);
  const people = createPeople({
    store: store.browserSessions,
    clock,
    rules: peopleRules,
    onEnded: (end) => recordSignOut(log, fault, end),
    fault,
  });
  undo.push(() => people.close());
  const grants = createGrants({
    trail: {
      id: audit.id,
      first: audit.first,
      written: audit.written,
      read: (seq, limit) => reader.read(seq, limit),
      scan: (seq, limit, wanted) => reader.scan(seq, limit, wanted),
    },
    journal,
    tell: (message) => logger.warn({ problem: message }, "grants"),
    watchHolder: (holder, withdrawn) =>
      identity.watch(holder as Principal, (reason, kind) => {
        if (kind === "withdrawn") withdrawn(reason);
      }),
    store: store.grants,
    log,
    clock,
    rules: rulesOf(current, protocols),
    history: (of) => reader.actsOf(of),
    ...(first.store.kind === "sqlite" ? { poll: false } : {}),
  });
  undo.push(() => grants.stop());
  await grants.start();

  let listeners: readonly Listener[] = [];
  const sharing = createSharing();
  undo.push(() => sharing.workers.close());
  const metrics = createMetrics({
    sessions: () => gates.sessions,
    connections: () => listeners.reduce((sum, { connections }) => sum + connections, 0),
    recording: () => log.unavailable === undefined,
    refusedTurns: () => log.losses,
    storing: () => kept.unavailable === undefined && grants.unavailable === undefined,
    locked: () => grants.locked !== undefined,
    held: () => ({ ...sharing.taken(), connections: admission.connections }),
  });
  const gates = createGates({
    grants,
    identity,
    log,
    clock,
    configuration: () => ({
      connections: current.configuration.connections,
      limits: current.configuration.limits,
      digest: current.configuration.digest,
    }),
    fault,
    count: (what) => metrics.count(what),
  });

  const notifications = await startNotifications({
    settings: first.notifications,
    log: { id: audit.id, name: first.audit.name },
    firstRecord: audit.first,
    store: store.notifications,
    feed,
    reader,
    ports: slackPorts({
      store: store.grants,
      grants,
      people,
      roles: () => current.configuration.identity.roles,
    }),
    clock,
    url: first.url,
    counted: (what) => metrics.notified(what),
    problem: (message) => logger.warn({ problem: message }, "notifications"),
  });
  undo.push(() => notifications.stop());

  const postgres = first.listen.postgres;
  const served = protocols.find(({ kind }) => kind === "postgres");
  if (postgres !== undefined && served?.serve !== undefined) {
    const gate = gates.forProtocol(served);
    const serve = (socket: Duplex): void => served.serve?.(socket, gate);
    listeners = [
      await listen(
        postgres,
        "postgres",
        () => current.configuration.limits,
        serve,
        () => metrics.turnedAway(),
      ),
    ];
    undo.push(() => listeners.forEach((listener) => listener.destroy()));
  }
  const postgresPort = listeners[0]?.port;

  const admission = createAdmission(
    () => current.configuration.limits,
    () => metrics.turnedAway(),
  );
  const doorways = protocols.flatMap((protocol) =>
    protocol.web === undefined
      ? []
      : [{ kind: protocol.kind, door: protocol.web, gate: gates.forProtocol(protocol) }],
  );
  const front = createFront(doorways, first.url.replace(/\/+$/, ""), fault, sharing);
  const https = httpsServer(certificates, admission, first.limits.handshake, front);
  const probes = createProbes({
    clock,
    connections: () => current.configuration.connections,
    protocols,
  });
  undo.push(() => probes.stop());
  const sweep = sweepLeftBehind({
    clock,
    log,
    logger,
    principal: system,
    configuration: () => current.configuration,
    protocols,
  });
  undo.push(() => sweep.stop());
  const unfinished = closeUnfinished({
    log,
    reader,
    first: audit.first,
    configuration: () => current.configuration.digest,
  });
  undo.push(() => unfinished.then(() => undefined, fault));
  const doors = createDoors({
    front,
    url: first.url.replace(/\/+$/, ""),
    certificate: () => certificates.certificate,
    ...(served?.serve === undefined
      ? {}
      : { serve: (client: Duplex) => served.serve?.(client, gates.forProtocol(served)) }),
  });
  const api = createApi({
    doors,
    identity,
    people,
    grants,
    reader,
    feed,
    log,
    notifications,
    inventory: () => rulesOf(current, protocols).inventory,
    policies: () => current.configuration.policies,
    sessions: () => gates.look(),
    connections: () => connectionsNow(current.configuration, protocols, (name) => probes.health(name)),
    access: (grant, secret) =>
      accessOf(
        grant,
        current.configuration.connections.get(grant.connection)?.kind ?? "",
        { url: first.url, postgresPort, ca: certificates.ca?.certificate },
        secret,
      ),
    health: () => healthOf({ identity, grants, log, folder: first.audit.folder, store: kept }),
    metrics: () => metrics.text(),
    clock,
    url: first.url,
    get issuers() {
      return current.configuration.identity.agents.map(({ issuer }) => issuer);
    },
    ...(certificates.ca === undefined ? {} : { ca: certificates.ca.certificate }),
    logger,
    serverFactory: https.factory,
  });
  try {
    await api.listen({ host: first.listen.https.host, port: first.listen.https.port });
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, first.listen.https, "https");
  }
  undo.push(async () => {
    // Node enforces no time limit on a request once its server closes: one that never ends must not keep the log open.
    const cancel = clock.schedule(stopWithin, () => admission.destroy());
    https.close();
    await api.close().finally(cancel);
  });
  // Keys are fetched ahead; the gateway starts without them too, and is ready once they are there.
  void identity.warm();

  const adopt = async (next: Adopted): Promise<{ ended: number; voided: number }> => {
    const nextCertificates = await certificatesOf(next.configuration, clock);
    const changes = describeChanges(current.configuration, next.configuration);
    const isSame = !changes.some(({ what }) => what.startsWith("identity "));
    const nextIdentity = isSame ? undefined : identityOf(next.configuration, clock, logger);
    const nextPeople = isSame
      ? undefined
      : peopleOf(next.configuration, signInParts, {
          configuration: current.configuration,
          rules: peopleRules,
        });
    const outcome = await grants.adopt(rulesOf(next, protocols));
    certificates = nextCertificates;
    https.show(nextCertificates);
    // Only what changed is replaced: the tokens that introspection looks at live in the identity.
    if (nextIdentity !== undefined) identity.swap(nextIdentity);
    void identity.warm();
    if (nextPeople !== undefined) {
      peopleRules = nextPeople;
      await people.adopt(nextPeople);
    }
    current = next;
    await notifications.adopt(next.configuration.notifications);
    probes.lookSoon();
    sweep.lookSoon();
    return outcome;
  };
  const address = api.server.address();
  return {
    url: first.url,
    httpsPort: typeof address === "object" && address !== null ? address.port : first.listen.https.port,
    postgresPort,
    caFile: certificates.ca?.file,
    async reload() {
      const outcome = await reload({
        file,
        environment,
        protocols,
        log,
        clock,
        current: () => current.configuration,
        adopt,
      });
      metrics.reloaded(outcome.adopted ? "adopted" : "refused");
      return outcome;
    },
    async stop(reason) {
      for (const listener of listeners) listener.close();
      await gates.stop(reason, SESSIONS_END_MS);
      // The sessions are over; what they were told still has to be read.
      await Promise.all(listeners.map((listener) => listener.drained(farewell)));
      await undoAll(undo, logger);
    },
  };
}
