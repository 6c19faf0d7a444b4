import { isLoopbackAddress, plainAddress } from "../kernel/addresses.ts";
import type {
  ConnectionVerdict,
  HostVerdict,
  ProbedConnection,
  ProbeWay,
  TargetState,
  ToldEndpoint,
  ToldTarget,
} from "./types.ts";

// What a report proves. A way that nobody tried, or tried in vain at a target that was away, closes nothing.

/** What is judged. */
export interface Reported {
  readonly told: readonly ToldTarget[];
  /** How the gateway finds each target when the report comes. */
  readonly statesNow: ReadonlyMap<string, TargetState>;
  /** Where the host came from, as the gateway saw it. */
  readonly address: string;
  readonly ways: readonly ProbeWay[];
}

/** What a report proves, whole. */
export interface Judged {
  readonly verdict: HostVerdict;
  readonly connections: readonly ProbedConnection[];
  /** Ways of no connection that stand open, in words. */
  readonly open: readonly string[];
}

/** A way in words. */
const words = ({ by, to }: ProbeWay): string => `${by}: ${to}`;

const written = (address: string, port: number): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

const isDirectTo = (way: ProbeWay, address: string, port: number): boolean =>
  way.kind === "direct" && way.port === port && plainAddress(way.address) === plainAddress(address);

/** The ways to a target: those reported as its own, and whatever led directly to an address that was told for it. */
function waysOf({ connection, endpoints }: ToldTarget, ways: readonly ProbeWay[]): readonly ProbeWay[] {
  return ways.filter(
    (way) =>
      way.connection === connection ||
      endpoints.some(({ addresses, port }) => addresses.some((address) => isDirectTo(way, address, port))),
  );
}

/** What of an endpoint nobody has shown to be closed, in words. */
function gapsOf(
  { host, port, addresses, leftOut = 0 }: ToldEndpoint,
  ways: readonly ProbeWay[],
  isElsewhere: boolean,
): readonly string[] {
  if (addresses.length === 0) return [`${written(host, port)} has no address at the gateway`];
  const closed = ways.filter(({ outcome }) => outcome === "closed");
  const untried = addresses.filter(
    (address) =>
      !closed.some((way) => {
        // The gateway's own loopback address is the probing host's here: the gateway's host itself has to be tried.
        if (!isElsewhere || !isLoopbackAddress(address)) return isDirectTo(way, address, port);
        return (
          way.kind === "direct" &&
          way.port === port &&
          plainAddress(way.address) !== undefined &&
          !isLoopbackAddress(way.address ?? "")
        );
      }),
  );
  return [
    ...untried.map((address) => `${written(address, port)} was not shown to be closed`),
    ...(leftOut > 0 ? [`${host} has ${leftOut} more addresses, which were not told`] : []),
  ];
}

/** Why a target's silence proves nothing, in words. */
function absencesOf({ connection, state }: ToldTarget, { statesNow }: Reported): readonly string[] {
  const now = statesNow.get(connection) ?? "unknown";
  const said = (at: TargetState, when: string): string[] =>
    at === "up" ? [] : [`the gateway itself found the target ${at} ${when}`];
  return [...said(state, "when the probe began"), ...said(now, "when it was reported")];
}

function judgeConnection(target: ToldTarget, reported: Reported): ProbedConnection {
  const { connection, endpoints, isUnknown = false } = target;
  const ways = waysOf(target, reported.ways);
  const of = (outcome: ProbeWay["outcome"]): readonly ProbeWay[] =>
    ways.filter((way) => way.outcome === outcome);
  const open = of("open");
  const isElsewhere = !isLoopbackAddress(reported.address);
  const hasNoAddress = endpoints.length === 0 && !isUnknown;
  const undecided = [
    ...of("undecided").map(words),
    ...(isUnknown ? ["nobody here knows where the target is"] : []),
    ...(hasNoAddress ? [] : absencesOf(target, reported)),
    ...endpoints.flatMap((endpoint) => gapsOf(endpoint, ways, isElsewhere)),
  ];
  const verdict = ((): ConnectionVerdict => {
    if (open.some(({ credentials = [] }) => credentials.length > 0)) return "open_with_credential";
    if (open.length > 0) return "open";
    if (undecided.length > 0) return "undecided";
    return hasNoAddress ? "no_address" : "closed";
  })();
  return { connection, verdict, open: open.map(words), undecided };
}

/** Where no address leads, an address neither opens nor closes anything. */
const ofHost: Readonly<Record<ConnectionVerdict, HostVerdict | undefined>> = {
  open_with_credential: "open",
  open: "open",
  undecided: "undecided",
  closed: "closed",
  no_address: undefined,
};

/** The verdict on each connection and on the host: the worst of all, and never closed out of doubt. Pure. */
export function judgeReport(reported: Reported): Judged {
  const connections = reported.told.map((target) => judgeConnection(target, reported));
  const beside = reported.ways.filter(({ connection }) => connection === undefined);
  const all: ReadonlySet<HostVerdict | undefined> = new Set([
    ...connections.map(({ verdict }) => ofHost[verdict]),
    ...beside.map(({ outcome }) => outcome),
  ]);
  const worst = (["open", "undecided", "closed"] as const).find((verdict) => all.has(verdict));
  return {
    verdict: worst ?? "undecided",
    connections,
    open: beside.filter(({ outcome }) => outcome === "open").map(words),
  };
}
