import { isIP } from "node:net";
import { type Access, MayflyError } from "@mayfly/sdk";
import { parse } from "yaml";

/** Where a grant's way in leads: a host as its client names it, and a port. */
export interface Door {
  readonly host: string;
  readonly port: number;
}

/** A door, and the loopback address in the sandbox that stands for its host. */
export interface LocalDoor extends Door {
  readonly address: string;
}

/** The hosts and ports of a grant's ways in, each once. */
export function doorsOf({
  env,
  url,
  kubeconfig,
}: Pick<Access, "env" | "url" | "kubeconfig">): readonly Door[] {
  const doors: Door[] = [];
  const { PGHOST, PGPORT } = env;
  if (PGHOST !== undefined) doors.push({ host: PGHOST, port: Number(PGPORT ?? 5432) });
  for (const each of [url, ...serversOf(kubeconfig)])
    if (each !== undefined) doors.push(doorOf(new URL(each)));
  return [...new Map(doors.map((door) => [`${door.host} ${door.port}`, door])).values()];
}

function doorOf({ protocol, hostname, port }: URL): Door {
  const usual = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? usual : Number(port) };
}

/** The clusters' addresses in a kubeconfig (Kubernetes documentation, "kubeconfig (v1)"). */
function serversOf(kubeconfig: string | undefined): readonly string[] {
  if (kubeconfig === undefined) return [];
  const { clusters } = parse(kubeconfig) as { readonly clusters: readonly { cluster: { server: string } }[] };
  return clusters.map(({ cluster }) => cluster.server);
}

/**
 * Gives each host a loopback address of its own, so that two of them can have one port.
 * @throws MayflyError sandbox_unavailable where a host is an address of another machine: nothing can stand for that
 */
export function placeDoors(doors: readonly Door[]): readonly LocalDoor[] {
  const names = [...new Set(doors.map(({ host }) => host.toLowerCase()).filter((host) => !isOwn(host)))];
  const placed = doors.map((door) => {
    const host = door.host.toLowerCase();
    if (!isOwn(host) && isIP(host) !== 0)
      throw new MayflyError(
        "sandbox_unavailable",
        `the gateway is named by its address ${door.host}, and nothing in a sandbox can stand for that`,
        {
          hint: "its operator gives it a name (public_url, and listen.postgres.host), or run without --sandbox",
        },
      );
    // 127.0.0.1 stays localhost's.
    const address = isOwn(host)
      ? host === "localhost"
        ? "127.0.0.1"
        : host
      : `127.0.0.${names.indexOf(host) + 2}`;
    return { ...door, address };
  });
  // Two names of one address are one door.
  return [...new Map(placed.map((door) => [`${door.address} ${door.port}`, door])).values()];
}

function isOwn(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * The hosts file of the sandbox (hosts(5)): the doors' names, and before them nothing else of the same name.
 * @param original the system's
 */
export function hostsWith(original: string, doors: readonly LocalDoor[]): string {
  const names = new Map(
    doors
      .filter(({ host }) => !isOwn(host.toLowerCase()))
      .map(({ host, address }) => [host.toLowerCase(), address]),
  );
  const others = original.split("\n").flatMap((line) => {
    const [address = "", ...each] = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
    const kept = each.filter((name) => !names.has(name.toLowerCase()));
    return kept.length === 0 ? [] : [`${address} ${kept.join(" ")}`];
  });
  return [...[...names].map(([name, address]) => `${address} ${name}`), ...others, ""].join("\n");
}
