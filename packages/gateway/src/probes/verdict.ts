import { plainAddress } from "../kernel/addresses.ts";
import { addressReader, placeOf, type ReadAddress } from "./places.ts";
import type {
  ConnectionVerdict,
  FoundNow,
  HostVerdict,
  KeptEndpoint,
  KeptTarget,
  ProbedConnection,
  ProbeWay,
  TargetState,
  WayFinding,
} from "./types.ts";

// What a report proves. A way that nobody tried, or tried in vain at a target that was away, closes nothing.

/** What is judged. */
export interface Reported {
  readonly told: readonly KeptTarget[];
  /** Connections that were offered, and were gone before they could be told. */
  readonly gone: readonly string[];
  /** What the gateway finds when the report comes. */
  readonly now: FoundNow;
  /** Where the host came from, as the gateway saw it. */
  readonly address: string;
  readonly ways: readonly ProbeWay[];
}

/** What a report proves for one connection, whole. */
export type JudgedConnection = Omit<ProbedConnection, "probedAt">;

/** What a report proves, whole. */
export interface Judged {
  readonly verdict: HostVerdict;
  readonly connections: readonly JudgedConnection[];
  /** Ways of no connection that stand open, in words. */
  readonly open: readonly string[];
  /** Those that nobody could decide about. */
  readonly undecided: readonly string[];
}

/** Findings of a closed way that say the same whether something listens at its address or not. */
const withoutTarget: ReadonlySet<WayFinding> = new Set(["unreachable", "denied", "no_name"]);

/** A way in words. */
const words = ({ by, to }: ProbeWay): string => `${by}: ${to}`;

const written = (address: string, port: number): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

/** A report, ready to be looked through for each connection. */
interface Index {
  readonly reported: Reported;
  readonly read: (written: string | undefined) => ReadAddress;
  readonly ofConnection: ReadonlyMap<string, readonly ProbeWay[]>;
  /** The direct ways to a place. */
  readonly directTo: (address: string, port: number) => readonly ProbeWay[];
  readonly words: ReadonlyMap<ProbeWay, string>;
}

function grouped<K>(ways: readonly ProbeWay[], keyOf: (way: ProbeWay) => K | undefined): Map<K, ProbeWay[]> {
  const groups = new Map<K, ProbeWay[]>();
  for (const way of ways) {
    const key = keyOf(way);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [way]);
    else group.push(way);
  }
  return groups;
}

function indexOf(reported: Reported, normalise: typeof plainAddress): Index {
  const read = addressReader(normalise);
  const keyOf = (address: string | undefined, port: number | undefined): string | undefined => {
    const { plain } = read(address);
    return plain === undefined || port === undefined ? undefined : placeOf(plain, port);
  };
  const direct = grouped(
    reported.ways.filter(({ kind }) => kind === "direct"),
    ({ address, port }) => keyOf(address, port),
  );
  return {
    reported,
    read,
    ofConnection: grouped(reported.ways, ({ connection }) => connection),
    directTo: (address, port) => direct.get(keyOf(address, port) ?? "") ?? [],
    words: new Map(reported.ways.map((way) => [way, words(way)])),
  };
}

/** The ways to a target: those reported as its own, and whatever led directly to an address that was told for it. */
function waysOf({ connection, endpoints }: KeptTarget, index: Index): readonly ProbeWay[] {
  const ways = new Set(index.ofConnection.get(connection));
  for (const { addresses, port } of endpoints)
    for (const address of addresses) for (const way of index.directTo(address, port)) ways.add(way);
  return [...ways];
}

/** What of an endpoint nobody has shown to be closed, in words. */
function gapsOf(
  { host, port, addresses, own = [], reached = [], leftOut = 0 }: KeptEndpoint,
  { reported, read, directTo }: Index,
): readonly string[] {
  if (addresses.length === 0) return [`${written(host, port)} has no address at the gateway`];
  const [ownOnes, before] = [new Set(own), new Set(reached)];
  const meansWhoDials = addresses.filter((address) => read(address).isOwnMachine);
  /** The gateway's own machine, by whatever address, dials itself where others dial themselves. */
  const isAtGateway =
    read(reported.address).isOwnMachine ||
    own.some((address) => read(address).plain === read(reported.address).plain);
  const isReached = (address: string): boolean =>
    before.has(address) && reported.now.reached.has(placeOf(read(address).plain ?? address, port));
  const gaps = new Set<string>();
  for (const address of addresses) {
    if (read(address).isOwnMachine && !isAtGateway) continue;
    const tried = directTo(address, port);
    const closed = tried.filter(({ outcome }) => outcome === "closed");
    // What is open or undecided there is named by itself.
    if (closed.length < tried.length) continue;
    if (closed.length === 0) gaps.add(`${written(address, port)} was not shown to be closed`);
    if (closed.every(({ found }) => withoutTarget.has(found))) continue;
    // What listens at the loopback address alone refuses the gateway itself at its other addresses.
    const mustAnswer = ownOnes.has(address) ? meansWhoDials : [address];
    for (const each of mustAnswer)
      if (!isReached(each)) gaps.add(`the gateway itself could not connect to ${written(each, port)}`);
  }
  if (meansWhoDials.length > 0 && own.length === 0)
    gaps.add(`${written(host, port)} is the gateway's own machine, which has no other address to try`);
  if (leftOut > 0) gaps.add(`${host} has ${leftOut} more addresses, which were not told`);
  return [...gaps];
}

/** Why a target's silence proves nothing, in words. */
function absencesOf({ connection, state }: KeptTarget, { states }: FoundNow): readonly string[] {
  const said = (at: TargetState, when: string): string[] =>
    at === "up" ? [] : [`the gateway itself found the target ${at} ${when}`];
  return [
    ...said(state, "when the probe began"),
    ...said(states.get(connection) ?? "unknown", "when it was reported"),
  ];
}

function judgeConnection(target: KeptTarget, index: Index): JudgedConnection {
  const { connection, endpoints, isUnknown = false } = target;
  const ways = waysOf(target, index);
  const of = (outcome: ProbeWay["outcome"]): readonly ProbeWay[] =>
    ways.filter((way) => way.outcome === outcome);
  const inWords = (way: ProbeWay): string => index.words.get(way) ?? words(way);
  const open = of("open");
  const hasNoAddress = endpoints.length === 0 && !isUnknown;
  const undecided = [
    ...of("undecided").map(inWords),
    ...(isUnknown ? ["nobody here knows where the target is"] : []),
    ...(hasNoAddress ? [] : absencesOf(target, index.reported.now)),
    ...endpoints.flatMap((endpoint) => gapsOf(endpoint, index)),
  ];
  const verdict = ((): ConnectionVerdict => {
    if (open.some(({ credentials = [] }) => credentials.length > 0)) return "open_with_credential";
    if (open.length > 0) return "open";
    if (undecided.length > 0) return "undecided";
    return hasNoAddress ? "no_address" : "closed";
  })();
  return { connection, verdict, open: open.map(inWords), undecided };
}

/** Where no address leads, an address neither opens nor closes anything. */
const ofHost: Readonly<Record<ConnectionVerdict, HostVerdict | undefined>> = {
  open_with_credential: "open",
  open: "open",
  undecided: "undecided",
  closed: "closed",
  no_address: undefined,
};

/** The worst verdict of all; of nothing it is undecided. */
export function worstVerdict(
  connections: readonly Pick<ProbedConnection, "verdict">[],
  besides: readonly HostVerdict[],
): HostVerdict {
  const all: ReadonlySet<HostVerdict | undefined> = new Set([
    ...connections.map(({ verdict }) => ofHost[verdict]),
    ...besides,
  ]);
  return (["open", "undecided", "closed"] as const).find((verdict) => all.has(verdict)) ?? "undecided";
}

/**
 * The verdict on each connection and on the host: the worst of all, and never closed out of doubt. Pure.
 * @param normalise for tests
 */
export function judgeReport(reported: Reported, normalise: typeof plainAddress = plainAddress): Judged {
  const index = indexOf(reported, normalise);
  const connections = [
    ...reported.told.map((target) => judgeConnection(target, index)),
    ...reported.gone.map((connection): JudgedConnection => ({
      connection,
      verdict: "undecided",
      open: [],
      undecided: ["it was not configured any more when the probe began"],
    })),
  ];
  const beside = reported.ways.filter(({ connection }) => connection === undefined);
  // Where nothing was told, nothing was tried.
  const nothing: readonly HostVerdict[] = reported.told.length === 0 ? ["undecided"] : [];
  return {
    verdict: worstVerdict(connections, [...beside.map(({ outcome }) => outcome), ...nothing]),
    connections,
    open: beside.filter(({ outcome }) => outcome === "open").map(words),
    undecided: beside.filter(({ outcome }) => outcome === "undecided").map(words),
  };
}
