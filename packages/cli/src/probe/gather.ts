import { isIP } from "node:net";
import type { ProbeTask } from "@mayfly/sdk";
import type { FoundHere, FoundProxy } from "./credentials/find.ts";
import { type Endpoint, type Goal, goalsOf, isLoopback, namedBy, type Target } from "./task.ts";
import { attempt, written } from "./ways/attempt.ts";
import { type Finding, outcomes } from "./ways/finding.ts";
import { containerSockets, metadataAddresses, tryContainerSocket, tryMetadata } from "./ways/host.ts";
import { addressesHere } from "./ways/lookup.ts";

/** One way that was tried, and what became of it. */
export interface TriedWay extends Finding {
  /** Left out: it leads beside all connections. */
  readonly connection?: string;
  readonly kind: "direct" | "proxy" | "metadata" | "socket" | "credential";
  readonly to: string;
  readonly by: string;
  /** Of a direct way to an endpoint: what was connected to. */
  readonly address?: string;
  readonly port?: number;
  readonly outcome: (typeof outcomes)[keyof typeof outcomes];
  /** Places of credentials that would be used there. */
  readonly credentials: readonly string[];
}

/** What the ways are tried with. */
export interface Trying {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The account that the probe runs as: a database role may have its name. */
  readonly account: string;
  /** A name that nobody has made a rule for. */
  readonly random: string;
  /** How long a step may take, milliseconds. */
  readonly ms: number;
  /** Told after each try. */
  readonly onTried: (done: number, all: number) => void;
}

type Job = Omit<TriedWay, keyof Finding | "outcome"> & { readonly run: () => Promise<Finding> };

/** Tries at a time: enough that time-outs do not add up, few enough for any host. */
const MAX_AT_ONCE = 24;
/** Proxies that are tried. */
const MAX_PROXIES = 8;

/** Tries every way that leads to the connections' targets beside the gateway, and what gives this host more than its grants. */
export async function tryWays(
  task: ProbeTask,
  here: FoundHere,
  trying: Trying,
): Promise<readonly TriedWay[]> {
  const named = namedBy(here.credentials, task.targets, trying.account);
  const endpoints = task.targets.flatMap((target) => target.endpoints);
  const hosts = [...endpoints, ...named.goals].map(({ host }) => host);
  if (endpoints.some(({ addresses }) => addresses.some(isLoopback))) hosts.push(task.gateway.host);
  const found = new Map(
    await Promise.all(
      [...new Set(hosts)].map(async (host) => [host, await addressesHere(host, trying.ms)] as const),
    ),
  );
  const addresses = new Map(
    [...found].flatMap(([host, each]) => ("addresses" in each ? [[host, each.addresses] as const] : [])),
  );
  const lost = (host: string): Finding | undefined => {
    const each = found.get(host);
    return each !== undefined && "ended" in each ? each.ended : undefined;
  };
  const jobs = [
    ...task.targets.flatMap((target) => [
      ...lostNames(target, lost),
      ...toTarget(target, addresses, here, { ...trying, gatewayHost: task.gateway.host }),
    ]),
    ...named.goals.flatMap((goal) => toNamed(goal, addresses, lost, trying)),
    ...leftOut("proxy", here.proxies.length - MAX_PROXIES),
    ...leftOut("credential", named.leftOut),
    ...ofHost(trying),
  ];
  return runAll(jobs, trying);
}

/** Names of endpoints that have no address here. */
function lostNames(
  { connection, endpoints }: Target,
  lost: (host: string) => Finding | undefined,
): readonly Job[] {
  return endpoints.flatMap((endpoint): Job[] => {
    const ended = lost(endpoint.host);
    if (ended === undefined) return [];
    return [
      {
        connection,
        kind: "direct",
        to: written(endpoint),
        by: "name",
        credentials: [],
        run: async () => ended,
      },
    ];
  });
}

function toTarget(
  target: Target,
  addresses: ReadonlyMap<string, readonly string[]>,
  here: FoundHere,
  trying: Trying & { readonly gatewayHost: string },
): readonly Job[] {
  const goals = goalsOf(target, { ...trying, credentials: here.credentials, addressesHere: addresses });
  const direct = goals.map((goal): Job => {
    const isNamed = goal.name !== undefined && addresses.get(goal.name)?.includes(goal.host) === true;
    const { connection, host, port, credentials } = goal;
    return {
      ...(connection === undefined ? {} : { connection }),
      kind: "direct",
      to: written(goal),
      by: isNamed ? `name ${goal.name}` : "address",
      address: host,
      port,
      credentials,
      run: () => attempt(goal, undefined, trying.ms),
    };
  });
  const proxied = here.proxies.slice(0, MAX_PROXIES).flatMap(({ place, url }: FoundProxy) =>
    [...goals, ...byName(target, goals)].map(({ connection, ...goal }): Job => ({
      ...(connection === undefined ? {} : { connection }),
      kind: "proxy",
      to: written(goal),
      by: `proxy of ${place}`,
      credentials: goal.credentials,
      run: () => attempt(goal, url, trying.ms),
    })),
  );
  return [...direct, ...proxied];
}

/** What was not tried as there is too much of it leaves a doubt. */
function leftOut(kind: "proxy" | "credential", count: number): readonly Job[] {
  if (count <= 0) return [];
  const words = kind === "proxy" ? "more proxies" : "more hosts that credentials name";
  const finding: Finding = { found: "other", detail: "not tried: there are too many" };
  return [{ kind, to: `${count} ${words}`, by: kind, credentials: [], run: async () => finding }];
}

/** A proxy looks a name up itself, and may find more than this host. */
function byName({ endpoints }: Target, goals: readonly Goal[]): readonly Goal[] {
  return endpoints
    .filter(({ host }) => isIP(host) === 0)
    .flatMap(({ host, port }: Endpoint) => {
      const like = goals.find((goal) => goal.name === host && goal.port === port);
      return like === undefined ? [] : [{ ...like, host }];
    });
}

/** Where nothing but a credential that lies here leads. */
function toNamed(
  goal: Goal,
  addresses: ReadonlyMap<string, readonly string[]>,
  lost: (host: string) => Finding | undefined,
  { ms }: Trying,
): readonly Job[] {
  const job = {
    kind: "credential",
    by: "a credential that lies here",
    credentials: goal.credentials,
  } as const;
  const ended = lost(goal.host);
  if (ended !== undefined) return [{ ...job, to: written(goal), run: async () => ended }];
  const name = isIP(goal.host) === 0 ? { name: goal.host } : {};
  return (addresses.get(goal.host) ?? []).map((host) => ({
    ...job,
    to: `${written(goal)}${host === goal.host ? "" : ` (${host})`}`,
    run: () => attempt({ ...goal, ...name, host }, undefined, ms),
  }));
}

/** What gives whoever is on this host more than its grants. */
function ofHost({ env, ms }: Trying): readonly Job[] {
  return [
    ...metadataAddresses.map((address): Job => ({
      kind: "metadata",
      to: written({ host: address.host, port: 80 }),
      by: `cloud metadata (${address.whose})`,
      credentials: [],
      run: async () => {
        const name = isIP(address.host) === 0 ? await addressesHere(address.host, ms) : undefined;
        return name !== undefined && "ended" in name ? name.ended : tryMetadata(address, ms);
      },
    })),
    ...containerSockets(env).map((file): Job => ({
      kind: "socket",
      to: file,
      by: "container engine",
      credentials: [],
      run: () => tryContainerSocket(file, ms),
    })),
  ];
}

async function runAll(jobs: readonly Job[], { onTried }: Trying): Promise<readonly TriedWay[]> {
  const tried: TriedWay[] = [];
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) {
      const { run, ...way } = jobs[at] as Job;
      // oxlint-disable-next-line no-await-in-loop -- a worker does one after the other
      const finding = await run();
      tried[at] = { ...way, ...finding, outcome: outcomes[finding.found] };
      onTried(++done, jobs.length);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, worker));
  return tried;
}
