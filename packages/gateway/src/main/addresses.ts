import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Clock } from "../kernel/clock.ts";
import { endsInTime } from "../kernel/in-time.ts";

/** How long a name may take, milliseconds. */
const LOOKUP_MS = 5000;

/** Looks a name up as the system does. Rejects where it has no address. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

const systemLookup: Lookup = (host) => lookup(host, { all: true });

/**
 * All addresses of a name as this machine's resolver says, sorted, without the interface of a link-local one; an address is
 * itself. None where it has none here, or the answer takes too long.
 */
export async function addressesOf(
  host: string,
  clock: Clock,
  ask: Lookup = systemLookup,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  let found: readonly { readonly address: string }[] = [];
  const asked = ask(host).then((answer) => (found = answer));
  await endsInTime(asked, LOOKUP_MS, clock);
  return [...new Set(found.map(({ address }) => address.replace(/%.*$/, "")))].toSorted();
}

/** This machine's network interfaces. */
export type Interfaces = () => ReturnType<typeof networkInterfaces>;

/** The addresses by which others reach this machine, sorted, without link-local ones. */
export function interfaceAddresses(interfaces: Interfaces = networkInterfaces): readonly string[] {
  const all = Object.values(interfaces()).flatMap((each) => each ?? []);
  // Of a link-local address (RFC 3927, RFC 4291) each host means its own link.
  const outside = all
    .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe[89ab])/i.test(address))
    .map(({ address }) => address);
  return [...new Set(outside)].toSorted();
}
