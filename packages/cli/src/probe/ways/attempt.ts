import { isIP, isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { dial } from "./connection.ts";
import { type Finding, TryEnded, worst } from "./finding.ts";
import { addressesHere } from "./lookup.ts";
import { type StartUp, tryPostgres } from "./postgres.ts";
import { canTry, hostOf, tryForward, tunnel } from "./proxy.ts";
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
  /** As whom a database is tried. */
  readonly logins: readonly StartUp[];
  /** Whether there are more of those than are tried. */
  readonly isCut?: boolean;
}

/** Of a proxy's name that many are tried. */
const MAX_PROXY_ADDRESSES = 8;

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

/** Tries each address of a proxy, as clients do: what one of them lets through is open. */
async function throughProxy(place: Place, proxy: URL, ms: number): Promise<Finding> {
  const looked = await addressesHere(hostOf(proxy), ms);
  if ("ended" in looked) return { ...looked.ended, detail: `the proxy itself: ${looked.ended.detail}` };
  const findings: Finding[] = [];
  const leftOut = looked.addresses.length - MAX_PROXY_ADDRESSES;
  if (leftOut > 0)
    findings.push({
      found: "other",
      detail: `the proxy has ${leftOut} more addresses, which were not tried`,
    });
  for (const address of looked.addresses.slice(0, MAX_PROXY_ADDRESSES)) {
    // oxlint-disable no-await-in-loop -- one after the other: an open one ends it
    const finding = await exchange(place, () => tunnel(proxy, address, place, ms), ms).catch(endOf);
    findings.push(finding);
    // A proxy that opens no tunnel may still fetch what it is asked for.
    if (finding.found !== "answered" && place.speaks === "http" && proxy.protocol.startsWith("http"))
      findings.push(await tryForward(proxy, address, place, ms).catch(endOf));
    // oxlint-enable no-await-in-loop
  }
  const [first = { found: "other", detail: "the proxy has no address" } as const, ...rest] = findings;
  return worst(first, ...rest);
}

/** What rejects those that were tried may let in one that was not. */
const uncut = ({ isCut }: Place, finding: Finding): Finding =>
  isCut === true && finding.found === "rejected"
    ? { found: "other", detail: `${finding.detail}; there are more` }
    : finding;

/** Tries a database's socket on this host. */
export async function attemptSocket(file: string, place: Place, ms: number): Promise<Finding> {
  try {
    return uncut(
      place,
      await tryPostgres({ open: () => dial({ path: file }, ms), name: undefined, logins: place.logins, ms }),
    );
  } catch (error) {
    return endOf(error);
  }
}

/** The first exchange of what is spoken there. @throws TryEnded */
async function exchange(place: Place, open: () => Promise<Duplex>, ms: number): Promise<Finding> {
  const { host, name = isIP(host) === 0 ? host : undefined } = place;
  switch (place.speaks) {
    case "postgres":
      return uncut(place, await tryPostgres({ open, name, logins: place.logins, ms }));
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
