import { isIP } from "node:net";
import type { ProbeTask } from "@mayfly/sdk";
import type { FoundCredential } from "./credentials/find.ts";
import type { Speaks } from "./ways/attempt.ts";

/** An endpoint of a connection's target, as the gateway tells it. */
export type Endpoint = ProbeTask["targets"][number]["endpoints"][number];

/** A connection, as the gateway tells it. */
export type Target = ProbeTask["targets"][number];

/** One address or name to try, and whose credentials would be used there. */
export interface Goal {
  readonly connection?: string;
  readonly host: string;
  readonly port: number;
  readonly speaks: Speaks;
  /** A name for TLS, where the host is an address. */
  readonly name?: string;
  readonly database?: string;
  readonly users: readonly string[];
  /** Places of credentials that lie here and lead there. */
  readonly credentials: readonly string[];
}

/** Kinds of credentials whose own hosts are tried. */
const reaching: Readonly<Record<string, { readonly speaks: Speaks; readonly port: number }>> = {
  postgres: { speaks: "postgres", port: 5432 },
  mysql: { speaks: "tcp", port: 3306 },
  kubernetes: { speaks: "https", port: 443 },
};

/** Which credentials a client of such a target would use. */
const used: Readonly<Record<string, readonly string[]>> = {
  postgres: ["postgres"],
  https: ["kubernetes", "http"],
  http: ["http"],
};

/** At most so many hosts that only credentials name. */
const MAX_NAMED_HOSTS = 50;
/** Roles a database is tried as: more would take its server long. */
const MAX_USERS = 8;

const sameHost = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Whether a credential's client would use it at an endpoint: what does not say where it leads may lead anywhere. */
export function leadsTo({ kind, leadsTo: to }: FoundCredential, endpoint: Endpoint): boolean {
  if (used[endpoint.speaks]?.includes(kind) !== true) return false;
  if (to === undefined) return true;
  const hosts = [endpoint.host, ...endpoint.addresses];
  return (
    (to.host === "*" || hosts.some((host) => sameHost(host, to.host))) &&
    (to.port === undefined || to.port === endpoint.port)
  );
}

/**
 * What is tried for a connection: its endpoints by name and by every address, the gateway's own and those that the name has
 * here.
 * @param addressesHere of a name; a failure to look it up is a way of its own
 * @param random a role that nobody made a rule for
 */
export function goalsOf(
  { connection, endpoints }: Target,
  {
    gatewayHost,
    credentials,
    addressesHere,
    random,
    account,
  }: {
    readonly gatewayHost: string;
    readonly credentials: readonly FoundCredential[];
    readonly addressesHere: ReadonlyMap<string, readonly string[]>;
    readonly random: string;
    readonly account: string;
  },
): readonly Goal[] {
  return endpoints.flatMap((endpoint): Goal[] => {
    const { host, port, speaks, database, user } = endpoint;
    const lying = credentials.filter((each) => leadsTo(each, endpoint));
    const named = lying.flatMap(({ leadsTo: to }) => (to?.user === undefined ? [] : [to.user]));
    const users = [...(user === undefined ? [] : [user]), random, ...named, "postgres", account];
    const addresses = new Set([...endpoint.addresses, ...(addressesHere.get(host) ?? [])]);
    // The gateway's own loopback address is another machine's here.
    if (endpoint.addresses.some(isLoopback))
      for (const each of addressesHere.get(gatewayHost) ?? []) addresses.add(each);
    return [...addresses].map((address) => ({
      connection,
      host: address,
      port,
      speaks,
      ...(isIP(host) === 0 ? { name: host } : {}),
      ...(database === undefined ? {} : { database }),
      users: [...new Set(users)].slice(0, MAX_USERS),
      credentials: lying.map(({ place }) => place),
    }));
  });
}

export const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(address);

/** What is tried beside the connections: where credentials that lie here lead. */
export function namedBy(
  credentials: readonly FoundCredential[],
  targets: readonly Target[],
  account: string,
): { readonly goals: readonly Goal[]; readonly leftOut: number } {
  const known = (each: FoundCredential): boolean =>
    targets.some(({ endpoints }) => endpoints.some((endpoint) => leadsTo(each, endpoint)));
  const goals = new Map<string, Goal>();
  const leftOut = new Set<string>();
  for (const each of credentials) {
    const { kind, leadsTo: to, place } = each;
    const how = reaching[kind];
    // A local socket is a place of its own: its server is on this host.
    if (how === undefined || to === undefined || to.host === "*" || to.host.startsWith("/") || known(each))
      continue;
    const port = to.port ?? how.port;
    const key = JSON.stringify([to.host, port]);
    const before = goals.get(key);
    const goal: Goal = {
      host: to.host,
      port,
      speaks: how.speaks,
      database: to.database ?? to.user ?? account,
      users: [...new Set([...(before?.users ?? []), to.user ?? account])].slice(0, MAX_USERS),
      credentials: [...(before?.credentials ?? []), place],
    };
    if (before !== undefined || goals.size < MAX_NAMED_HOSTS) goals.set(key, goal);
    else leftOut.add(key);
  }
  return { goals: [...goals.values()], leftOut: leftOut.size };
}
