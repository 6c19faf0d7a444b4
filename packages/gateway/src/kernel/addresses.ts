import { isIP } from "node:net";

/**
 * An address in its one form: IPv6 as RFC 5952 has it and without an interface, IPv4 also where it came in IPv6's form.
 * @returns undefined for what is no address
 */
export function plainAddress(written: string | undefined): string | undefined {
  const bare = written?.replace(/%.*$/, "") ?? "";
  const family = isIP(bare);
  if (family === 0) return undefined;
  if (family === 4) return bare;
  const address = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  // RFC 4291, section 2.5.5.2: ::ffff:10.0.0.7 is written ::ffff:a00:7 here.
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

/** Whether an address is one that a machine keeps for itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopbackAddress(written: string): boolean {
  const address = plainAddress(written);
  return address === "::1" || address?.startsWith("127.") === true;
}

/**
 * Whether an address leads whoever dials it to their own machine: a loopback address, or the unspecified one, which a
 * dialling machine takes for itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.2).
 */
export function isOwnMachine(written: string): boolean {
  const address = plainAddress(written);
  return address === "0.0.0.0" || address === "::" || isLoopbackAddress(written);
}
