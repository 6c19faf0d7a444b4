import { isIP } from "node:net";
import type { ProbeTask } from "@mayfly/sdk";
import type { FoundCredential } from "./credentials/find.ts";
import type { Place, Speaks } from "./ways/attempt.ts";
import type { StartUp } from "./ways/postgres.ts";

/** An endpoint of a connection's target, as the gateway tells it. */
export type Endpoint = ProbeTask["targets"][number]["endpoints"][number];

/** A connection, as the gateway tells it. */
export type Target = ProbeTask["targets"][number];

/** One address or name to try, and whose credentials would be used there. */
export interface Goal extends Place {
  readonly connection?: string;
  /** Places of credentials that lie here and lead there. */
  readonly credentials: readonly string[];
}

/** Kinds of credentials whose own hosts are tried. */
const reaching: Readonly<Record<string, { readonly speaks: Speaks; readonly port?: number }>> = {
  postgres: { speaks: "postgres", port: 5432 },
  mysql: { speaks: "tcp", port: 3306 },
  database: { speaks: "tcp" },
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
/** Logins a database is tried as, each with TLS and without: more would take its server long. */
const MAX_LOGINS = 40;

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

/** Each login once, those for replication last. */
function loginsOf(all: readonly StartUp[]): Pick<Place, "logins" | "isCut"> {
  const users = [...new Set(all.map(({ user }) => user))];
  const each = new Map(
    [...all, ...users.map((user) => ({ user }))].map((login) => [JSON.stringify(login), login]),
  );
  const logins = [...each.values()];
  return { logins: logins.slice(0, MAX_LOGINS), isCut: logins.length > MAX_LOGINS };
}

/** Whom a database's endpoint is tried as: pg_hba.conf may let in one role, or into one database. */
function loginsAt(
  { database = "postgres", user }: Endpoint,
  lying: readonly FoundCredential[],
  { random, account }: Pick<Asked, "random" | "account">,
): Pick<Place, "logins" | "isCut"> {
  const named = lying.flatMap(({ leadsTo: to }) =>
    to === undefined || (to.user ?? to.database) === undefined
      ? []
      : [{ user: to.user ?? account, database: to.database ?? database }],
  );
  const users = [
    ...(user === undefined ? [] : [user]),
    random,
    ...named.map((login) => login.user),
    "postgres",
    account,
  ];
  return loginsOf([...users.map((each) => ({ user: each, database })), ...named]);
}

/** What goals are made of, beside the connection. */
export interface Asked {
  readonly gatewayHost: string;
  readonly credentials: readonly FoundCredential[];
  /** Of names, the addresses that they have on this host. */
  readonly addressesHere: ReadonlyMap<string, readonly string[]>;
  /** A role that nobody made a rule for. */
  readonly random: string;
  /** The account that the probe runs as. */
  readonly account: string;
}

/**
 * What is tried for a connection: its endpoints by name and by every address, the gateway's own and those that the name has
 * here.
 */
export function goalsOf({ connection, endpoints }: Target, asked: Asked): readonly Goal[] {
  return endpoints.flatMap((endpoint): Goal[] => {
    const { host, port, speaks } = endpoint;
    const lying = asked.credentials.filter((each) => leadsTo(each, endpoint));
    const addresses = new Set([...endpoint.addresses, ...(asked.addressesHere.get(host) ?? [])]);
    // What the gateway reaches on its own host is on another machine here.
    if (endpoint.addresses.some(isOwn))
      for (const each of asked.addressesHere.get(asked.gatewayHost) ?? []) addresses.add(each);
    return [...addresses].map((address) => ({
      connection,
      host: address,
      port,
      speaks,
      ...(isIP(host) === 0 ? { name: host } : {}),
      ...(speaks === "postgres" ? loginsAt(endpoint, lying, asked) : { logins: [] }),
      credentials: lying.map(({ place }) => place),
    }));
  });
}

/** Whether an address is whoever uses it: a loopback one, or none in particular. */
export const isOwn = (address: string): boolean =>
  /^(?:::ffff:)?127\.|^::1$|^(?:::ffff:)?0\.0\.0\.0$|^::$/i.test(address);

/** What is tried beside the connections: where credentials that lie here lead. */
export function namedBy(
  credentials: readonly FoundCredential[],
  targets: readonly Target[],
  account: string,
): { readonly goals: readonly Goal[]; readonly leftOut: number } {
  const known = (each: FoundCredential): boolean =>
    targets.some(({ endpoints }) => endpoints.some((endpoint) => leadsTo(each, endpoint)));
  const found = new Map<string, { readonly goal: Goal; readonly logins: StartUp[] }>();
  const leftOut = new Set<string>();
  for (const each of credentials) {
    const { kind, leadsTo: to, place } = each;
    const how = reaching[kind];
    const port = to?.port ?? how?.port;
    if (how === undefined || port === undefined || known(each)) continue;
    // A local socket is a place of its own: its server is on this host.
    if (to === undefined || to.host === "*" || to.host.startsWith("/")) continue;
    const key = JSON.stringify([to.host, port]);
    const before = found.get(key);
    if (before === undefined && found.size >= MAX_NAMED_HOSTS) {
      leftOut.add(key);
      continue;
    }
    const user = to.user ?? account;
    const logins = [...(before?.logins ?? []), { user, database: to.database ?? user }];
    const places = [...(before?.goal.credentials ?? []), place];
    const goal = { host: to.host, port, speaks: how.speaks, ...loginsOf(logins), credentials: places };
    found.set(key, { goal, logins });
  }
  return { goals: Array.from(found.values(), ({ goal }) => goal), leftOut: leftOut.size };
}
