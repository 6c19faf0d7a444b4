import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { FoundProxy } from "./credentials/find.ts";
import { type Endpoint, type Goal, isOwn, type Target } from "./task.ts";
import type { Job } from "./way.ts";
import { attempt, attemptSocket, written } from "./ways/attempt.ts";
import type { Finding } from "./ways/finding.ts";

/** The ways to one connection's target: to each address, through each proxy, and over a socket where it is on this host. */
export function toTarget(
  target: Target,
  goals: readonly Goal[],
  {
    addresses,
    proxies,
    ms,
  }: {
    readonly addresses: ReadonlyMap<string, readonly string[]>;
    readonly proxies: readonly FoundProxy[];
    readonly ms: number;
  },
): readonly Job[] {
  const tried = async (goal: Goal, proxy?: URL): Promise<Finding> =>
    withCertificates(goal, await attempt(goal, proxy, ms));
  const direct = goals.map((goal): Job => {
    const { name, host: address, port } = goal;
    const isNamed = name !== undefined && addresses.get(name)?.includes(address) === true;
    const by = isNamed ? `name ${name}` : "address";
    return { ...commonOf(goal), kind: "direct", by, address, port, run: () => tried(goal) };
  });
  const proxied = proxies.flatMap(({ place, url }) =>
    [...goals, ...byName(target, goals)].map((goal): Job => ({
      ...commonOf(goal),
      kind: "proxy",
      by: `proxy of ${place}`,
      run: () => tried(goal, url),
    })),
  );
  return [...direct, ...proxied, ...overSockets(goals, ms)];
}

const commonOf = (goal: Goal): Pick<Job, "connection" | "to" | "credentials"> => ({
  ...(goal.connection === undefined ? {} : { connection: goal.connection }),
  to: written(goal),
  credentials: goal.credentials,
});

/** Who takes nobody without a client certificate may take one that lies here. */
const withCertificates = ({ speaks, credentials }: Goal, finding: Finding): Finding =>
  speaks === "https" && finding.found === "rejected" && credentials.length > 0
    ? { found: "other", detail: `${finding.detail}: whether one that lies here will do was not tried` }
    : finding;

/** Where packages of PostgreSQL put their sockets (libpq, "host"). */
const SOCKET_FOLDERS = ["/var/run/postgresql", "/tmp"];

/** A database on this host has sockets, too. */
function overSockets(goals: readonly Goal[], ms: number): readonly Job[] {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []),
  );
  const here = goals.filter(({ speaks, host }) => speaks === "postgres" && (own.has(host) || isOwn(host)));
  const files = new Map(
    here.flatMap((goal) =>
      SOCKET_FOLDERS.map((folder) => [`${folder}/.s.PGSQL.${goal.port}`, goal] as const),
    ),
  );
  return [...files].map(([file, goal]) => ({
    ...commonOf(goal),
    kind: "socket",
    to: file,
    by: "database's socket",
    run: () => attemptSocket(file, goal, ms),
  }));
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
