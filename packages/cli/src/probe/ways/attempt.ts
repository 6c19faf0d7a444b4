import { isIP, isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { dial } from "./connection.ts";
import { type Finding, TryEnded } from "./finding.ts";
import { tryPostgres } from "./postgres.ts";
import { canTry, tryForward, tunnel } from "./proxy.ts";
import { tryWeb } from "./web.ts";

/** What is said at an address: `tcp` says nothing. */
export type Speaks = "postgres" | "https" | "http" | "tcp";

/** A place to reach. */
export interface Place {
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly speaks: Speaks;
  /** The target's name, where the host is an address. */
  readonly name?: string;
  readonly database?: string;
  readonly users: readonly string[];
}

/** How an address or a name is written with a port. */
export const written = ({ host, port }: Pick<Place, "host" | "port">): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/**
 * Tries one way.
 * @param proxy left out: directly
 * @param ms how long each step may take
 */
export async function attempt(place: Place, proxy: URL | undefined, ms: number): Promise<Finding> {
  try {
    if (proxy === undefined)
      return await exchange(place, () => dial({ host: place.host, port: place.port }, ms), ms);
    if (!canTry(proxy))
      return { found: "other", detail: `a proxy of the kind ${proxy.protocol} was not tried` };
    return await throughProxy(place, proxy, ms);
  } catch (error) {
    return endOf(error);
  }
}

function endOf(error: unknown): Finding {
  if (error instanceof TryEnded) return error.finding;
  return { found: "other", detail: error instanceof Error ? error.message : "it failed" };
}

/** A proxy that opens no tunnel may still fetch what it is asked for. */
async function throughProxy(place: Place, proxy: URL, ms: number): Promise<Finding> {
  const tunnelled = await exchange(place, () => tunnel(proxy, place, ms), ms).catch(endOf);
  const isForwarder = place.speaks === "http" && proxy.protocol.startsWith("http");
  if (tunnelled.found === "answered" || !isForwarder) return tunnelled;
  const forwarded = await tryForward(proxy, place, ms).catch(endOf);
  return forwarded.found === "answered" ? forwarded : tunnelled;
}

/** The first exchange of what is spoken there. @throws TryEnded */
async function exchange(place: Place, open: () => Promise<Duplex>, ms: number): Promise<Finding> {
  const { host, name = isIP(host) === 0 ? host : undefined } = place;
  switch (place.speaks) {
    case "postgres":
      return tryPostgres({ open, name, database: place.database ?? "postgres", users: place.users, ms });
    case "https":
    case "http":
      return tryWeb({
        open,
        isSecure: place.speaks === "https",
        name,
        authority: written({ host: name ?? host, port: place.port }),
        target: "/",
        ms,
      });
    default:
      (await open()).destroy();
      return { found: "answered", detail: "takes the connection" };
  }
}
