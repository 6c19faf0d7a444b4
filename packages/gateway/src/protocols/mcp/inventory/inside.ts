import { isIP } from "node:net";
import { overlap } from "../../../kernel/address-blocks.ts";

/** Names of hosts that are not the internet's: of this machine, of its network, or of a cloud's metadata (RFC 6761, RFC 6762, RFC 8375). */
const insideName =
  /^(?:[^.]+|.*\.(?:localhost|local|internal|intranet|private|corp|home|lan|arpa|localdomain|test|svc|cluster|consul|docker|onion)|metadata\.goog)$/;
/** Names of the internet's that stand for the address in them, or for this machine. */
const leadsInside =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|traefik\.me|rbndr\.us)$/;

/** Addresses that no host of the internet has (IANA, "IPv4 Special-Purpose Address Registry"), and those of clouds' own services. */
const insideV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
];
/** Global unicast alone is the internet's (RFC 4291, section 2.4) … */
const internetV6 = "2000::/3";
/** … without what stands for an IPv4 address: Teredo, 6to4. */
const translatedV6 = ["2001::/32", "2002::/16"];

/**
 * Whether a host may be inside of the network that the server is in: by its name, or by its address.
 * @param host of a URL as the WHATWG's parser gives it, so that other ways to write an address are one already
 */
export function isInside(host: string): boolean {
  const name = host.replace(/\.$/u, "").toLowerCase();
  if (name.startsWith("[")) {
    const block = `${name.slice(1, -1)}/128`;
    return !overlap(block, internetV6) || translatedV6.some((other) => overlap(block, other));
  }
  if (isIP(name) === 4) return insideV4.some((block) => overlap(block, `${name}/32`));
  return insideName.test(name) || leadsInside.test(name);
}
