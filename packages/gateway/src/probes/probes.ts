import type { AuditLog } from "../audit/log.ts";
import type { NewRecord } from "../audit/records.ts";
import { plainAddress } from "../kernel/addresses.ts";
import { boundedMap } from "../kernel/bounded-map.ts";
import { type Clock, type Deadline, deadlineAfter, remaining } from "../kernel/clock.ts";
import { nameHint } from "../kernel/closest-name.ts";
import { MayflyError } from "../kernel/errors.ts";
import { newId, newSecret } from "../kernel/ids.ts";
import { type Requester, requesterKey } from "../kernel/requester.ts";
import { pathsOfReport } from "./closed-paths.ts";
import { lockedDown, reportRefused, stored, tokenRefused, tooManyProbes } from "./errors.ts";
import { keptHost, mergedHost, proberOf } from "./kept.ts";
import { digestOf, offerKey, proofsOf, startKey } from "./proofs.ts";
import { offeredRecord, probedRecord, startedRecord } from "./records.ts";
import type { KeptProbe, KeptStart, ProbeStore } from "./store.ts";
import { requireOwnConnections, toldOf } from "./told.ts";
import type {
  FoundNow,
  GatewayPlace,
  KeptTarget,
  ProbedHost,
  ProbeOffer,
  ProbeReport,
  ProbeTask,
  ReportSignature,
} from "./types.ts";
import { type Judged, judgeReport } from "./verdict.ts";

/** How long a token is good, and then how long the report may take, milliseconds. */
const TOKEN_MS = 15 * 60_000;
const REPORT_MS = 15 * 60_000;
const MAX_OFFERS = 100;
const MAX_HOSTS_OF_REQUESTER = 100;
const MAX_HOSTS_LISTED = 500;
/** Hosts of one requester of which policies can know that they are closed: a fleet's. */
const MAX_PLACES_OF_REQUESTER = 10_000;
const bound = {
  maxHosts: MAX_HOSTS_OF_REQUESTER,
  maxPlaces: MAX_PLACES_OF_REQUESTER,
  merge: mergedHost,
};
/** How long the last report of a host is kept, milliseconds. */
const KEPT_MS = 400 * 86_400_000;
/** What has ended is kept a little longer than it counts: its report may be on its way. */
const ENDED_KEPT_MS = 60_000;
/** Deadlines remembered on the monotonic clock: of offers and starts of this process. */
const MAX_DEADLINES = 1000;

/** The connections, and where their targets really are. */
export interface ProbedConnections {
  names(): readonly string[];
  /** Of those names that are still configured, in bounded time. */
  targets(names: readonly string[]): Promise<readonly KeptTarget[]>;
  /** How the gateway finds these targets now, in bounded time; `unknown` where a connection leads elsewhere meanwhile. */
  look(told: readonly KeptTarget[]): Promise<FoundNow>;
}

export interface ProbesParts {
  readonly clock: Clock;
  readonly log: Pick<AuditLog, "append" | "sync">;
  readonly store: ProbeStore;
  readonly connections: ProbedConnections;
  readonly gateway: () => GatewayPlace;
  /** Why Mayfly is locked down; undefined: it is not. */
  readonly locked: () => string | undefined;
  /** Digest of the configuration in force. */
  readonly configuration: () => string;
}

/** Probes, from the operator's offer to the list of hosts. */
export interface Probes {
  /**
   * Lets one host be told the real addresses of these connections' targets, once.
   * @param names left out: all connections
   * @throws MayflyError `unknown_connection` or `too_many_probes`, and 503 where log or store do not answer
   */
  offer(by: Requester, names?: readonly string[]): Promise<ProbeOffer>;
  /**
   * Tells the addresses to whoever has the token, and binds the probe to them and their address.
   * @param address the client's, as the socket knows it
   * @param key the thumbprint of the key that their token is bound to; left out: a bearer token
   * @throws ProbeRefused; MayflyError `locked_down`, and 503 where log or store do not answer
   */
  start(who: Requester, address: string, token: string, key?: string): Promise<ProbeTask>;
  /**
   * Takes the one report of a probe, records what it proves and keeps it. Where that cannot be recorded it may be sent again.
   * @param signed how the key of the report's token signed it; left out: a bearer token
   * @throws ProbeRefused; MayflyError 400 when it names another connection, and 503 where log or store do not answer
   */
  report(who: Requester, address: string, report: ProbeReport, signed?: ReportSignature): Promise<ProbedHost>;
  /** The hosts that were probed, as they were last, newest first. */
  hosts(): Promise<readonly ProbedHost[]>;
}

/** Makes the probes of a gateway. */
export function createProbes({ clock, log, store, connections, ...parts }: ProbesParts): Probes {
  const deadlines = boundedMap<Deadline>(MAX_DEADLINES);
  /** Probes that are being started. */
  const starting = new Set<string>();

  /** Whether a time has passed: by both clocks where it was set here, so that one stepped back extends nothing. */
  function isOver(key: string, wall: number): boolean {
    const deadline = deadlines.get(key);
    return wall <= clock.wall() || (deadline !== undefined && remaining(clock, deadline) <= 0);
  }

  const { redeemable, reportable } = proofsOf(store, isOver);

  async function write(record: NewRecord): Promise<void> {
    log.append(record);
    await log.sync();
  }

  function requireNoLockdown(): void {
    const reason = parts.locked();
    if (reason !== undefined) throw lockedDown(reason);
  }

  async function offer(by: Requester, names?: readonly string[]): Promise<ProbeOffer> {
    const known = connections.names();
    const asked = [...new Set(names ?? known)];
    const unknown = asked.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new MayflyError("unknown_connection", `there is no connection ${unknown}`, {
        status: 404,
        hint: nameHint(unknown, known, "there are") ?? "there are none",
      });
    const now = clock.wall();
    const [id, secret] = [newId("pr"), newSecret()];
    const made = { probe: id, connections: asked, expiresAt: now + TOKEN_MS };
    await stored(store.forget({ endedBefore: now - ENDED_KEPT_MS, reportedBefore: now - KEPT_MS }));
    const { probe: _, ...facts } = made;
    const kept = { id, tokenDigest: digestOf(secret), offeredBy: by.subject, ...facts };
    await stored(store.offer(kept, { max: MAX_OFFERS, at: now, refusal: () => tooManyProbes(MAX_OFFERS) }));
    deadlines.set(offerKey(id), deadlineAfter(clock, TOKEN_MS));
    // Nobody has the token before.
    await write(offeredRecord(by, made, parts.configuration()));
    return { ...made, token: `${id}.${secret}` };
  }

  async function start(who: Requester, address: string, token: string, key?: string): Promise<ProbeTask> {
    requireNoLockdown();
    const { id } = await redeemable(token);
    // Of many at once with one token one makes the gateway look.
    if (starting.has(id)) throw tokenRefused("used", id);
    starting.add(id);
    try {
      return await begin(who, { address, key }, await redeemable(token));
    } finally {
      starting.delete(id);
    }
  }

  async function begin(
    who: Requester,
    { address, key }: { readonly address: string; readonly key: string | undefined },
    probe: KeptProbe,
  ): Promise<ProbeTask> {
    const targets = await connections.targets(probe.connections);
    requireNoLockdown();
    const now = clock.wall();
    const nonce = newSecret();
    const begun: KeptStart = {
      nonceDigest: digestOf(nonce),
      reportBy: now + REPORT_MS,
      requester: requesterKey(who),
      prober: proberOf(who),
      address: plainAddress(address) ?? address,
      ...(key === undefined ? {} : { key }),
      targets,
    };
    if (!(await stored(store.start(probe.id, begun, now)))) throw tokenRefused("used", probe.id);
    deadlines.set(startKey(probe.id), deadlineAfter(clock, REPORT_MS));
    // Nobody has been told anything before.
    await write(startedRecord(who, probe, begun, parts.configuration()));
    const told = targets.map(toldOf);
    return { probe: probe.id, nonce, reportBy: begun.reportBy, gateway: parts.gateway(), targets: told };
  }

  async function report(
    who: Requester,
    from: string,
    given: ProbeReport,
    signed?: ReportSignature,
  ): Promise<ProbedHost> {
    const address = plainAddress(from) ?? from;
    const { probe, start: begun } = await reportable(who, { address, key: signed?.key }, given.nonce);
    requireOwnConnections(begun.targets, given);
    // Before the gateway looks at anything: of many reports at once one makes it look.
    if (!(await stored(store.claim(probe.id, clock.wall())))) throw reportRefused("used", probe.id);
    try {
      const judged = await judge(connections, probe, begun, given.ways);
      const probedAt = clock.wall();
      await write(probedRecord(who, probe, begun, { ...given, signed }, judged, parts.configuration()));
      const facts = { probe: probe.id, host: given.host, address, probedAt, offeredBy: probe.offeredBy };
      const key = begun.key === undefined ? {} : { key: begun.key };
      const host = keptHost({ ...facts, ...key, principal: begun.prober }, judged, given.credentials);
      const paths = pathsOfReport(judged, begun.targets, { probe: probe.id, reportedAt: probedAt });
      await stored(store.keep(probe.id, { host, paths }, bound));
      return host;
    } catch (error) {
      // It is not kept: it may be sent again.
      await store.unclaim(probe.id).catch(() => undefined);
      throw error;
    }
  }

  return { offer, start, report, hosts: () => stored(store.hosts(MAX_HOSTS_LISTED)) };
}

/** What a report proves, as the gateway finds the targets now. */
async function judge(
  connections: ProbedConnections,
  probe: KeptProbe,
  { targets: told, address }: KeptStart,
  ways: ProbeReport["ways"],
): Promise<Judged> {
  const names = new Set(told.map(({ connection }) => connection));
  const gone = probe.connections.filter((name) => !names.has(name));
  return judgeReport({ told, gone, now: await connections.look(told), address, ways });
}
