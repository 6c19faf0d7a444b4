import { isIP } from "node:net";
import type { ProbeTask } from "@mayfly/sdk";
import type { FoundHere, FoundProxy } from "./credentials/find.ts";
import { type Goal, goalsOf, isOwn, namedBy, type Target } from "./task.ts";
import { toTarget } from "./to-target.ts";
import type { Job, TriedWay } from "./way.ts";
import { attempt, written } from "./ways/attempt.ts";
import { type Finding, outcomes } from "./ways/finding.ts";
import { waysOfHost } from "./ways/host.ts";
import { addressesHere } from "./ways/lookup.ts";

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
  const { ms } = trying;
  const named = namedBy(here.credentials, task.targets, trying.account);
  const endpoints = task.targets.flatMap((target) => target.endpoints);
  const hosts = [...endpoints, ...named.goals].map(({ host }) => host);
  if (endpoints.some(({ addresses }) => addresses.some(isOwn))) hosts.push(task.gateway.host);
  const looked = new Map(
    await Promise.all(
      [...new Set(hosts)].map(async (host) => [host, await addressesHere(host, ms)] as const),
    ),
  );
  const addresses = new Map(
    [...looked].flatMap(([host, each]) => ("addresses" in each ? [[host, each.addresses] as const] : [])),
  );
  const lost = (host: string): Finding | undefined => {
    const each = looked.get(host);
    return each !== undefined && "ended" in each ? each.ended : undefined;
  };
  const asked = {
    ...trying,
    gatewayHost: task.gateway.host,
    credentials: here.credentials,
    addressesHere: addresses,
  };
  const proxies = proxiesOf(here);
  const jobs = [
    ...task.targets.flatMap((target) => [
      ...lostNames(target, lost),
      ...toTarget(target, goalsOf(target, asked), { addresses, proxies: proxies.tried, ms }),
    ]),
    ...named.goals.flatMap((goal) => toNamed(goal, addresses, lost, trying)),
    ...proxies.doubts,
    ...(named.leftOut > 0 ? [doubt("credential", `${named.leftOut} more hosts that credentials name`)] : []),
    ...here.unread.flatMap(({ place, why, leavesDoubt }) =>
      leavesDoubt === true ? [doubt("credential", place, why)] : [],
    ),
    ...waysOfHost(trying),
  ];
  return runAll(jobs, trying);
}

/** What was not tried leaves a doubt. */
function doubt(kind: "proxy" | "credential", what: string, why = "not tried"): Job {
  return { kind, to: what, by: kind, credentials: [], run: async () => ({ found: "other", detail: why }) };
}

/** Each proxy once, and those that are not tried. */
function proxiesOf({ proxies }: FoundHere): {
  readonly tried: readonly FoundProxy[];
  readonly doubts: readonly Job[];
} {
  const trusted = proxies.filter(({ isOfFolder }) => isOfFolder !== true);
  const each = [
    ...new Map(trusted.toReversed().map((proxy) => [proxy.url.href, proxy])).values(),
  ].toReversed();
  const more = each.length - MAX_PROXIES;
  return {
    tried: each.slice(0, MAX_PROXIES),
    doubts: [
      ...(more > 0 ? [doubt("proxy", `${more} more proxies`)] : []),
      // Whoever wrote the folder would be told every target's address.
      ...proxies
        .filter(({ isOfFolder }) => isOfFolder === true)
        .map(({ place }) =>
          doubt("proxy", `the proxy of ${place}`, "not tried: a file of the working folder names it"),
        ),
    ],
  };
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
