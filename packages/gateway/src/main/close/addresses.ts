import { isIP } from "node:net";
import { MayflyError } from "../../kernel/errors.ts";

const BITS = { 4: 32, 6: 128 } as const;

function refused(written: string, why: string, hint: string): MayflyError {
  return new MayflyError("wrong_address", `${written}: ${why}`, { hint });
}

/** An IPv6 address as eight groups (RFC 4291, section 2.2), and an IPv4 one as four bytes: numbers with their size in bits. */
function partsOf(address: string, family: 4 | 6): readonly number[] {
  if (family === 4) return address.split(".").map(Number);
  // A URL's host is written in the one canonical form (RFC 5952), without an IPv4 address at its end.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const gap = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: gap }, () => 0), ...last];
}

/** Whether nothing is set behind the first bits. */
function isBase(address: string, family: 4 | 6, bits: number): boolean {
  const size = family === 4 ? 8 : 16;
  return partsOf(address, family).every((part, at) => {
    const kept = Math.min(size, Math.max(0, bits - at * size));
    return (part & ((1 << (size - kept)) - 1)) === 0;
  });
}

/** `4` or `6`. */
export function familyOf(cidr: string): 4 | 6 {
  return cidr.includes(":") ? 6 : 4;
}

/**
 * Reads an address or a block of addresses, as every firewall reads it.
 * @returns it as a CIDR block: `10.0.0.5/32`
 * @throws MayflyError
 */
export function readBlock(written: string): string {
  const [, address = "", prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(written) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6)
    throw refused(written, "this is no address", "write 10.0.0.5, 10.0.0.0/24 or 2001:db8::5, not a name");
  const most = BITS[family];
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) throw refused(written, `a prefix has at most ${most} bits`, `write ${address}/${most}`);
  if (bits === 0) throw refused(written, "this is everybody", "name the addresses that are to be let in");
  if (family === 6 && /^::ffff:/i.test(new URL(`http://[${address}]/`).hostname.slice(1, -1)))
    throw refused(written, "this is an IPv4 address in IPv6's form", "write it as an IPv4 address");
  if (!isBase(address, family, bits))
    throw refused(
      written,
      `it has bits behind the first ${bits}`,
      `write the address alone, or the block's first address before /${bits}`,
    );
  return `${family === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address}/${bits}`;
}

/** Whether a block lies in what a machine keeps for itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopback(cidr: string): boolean {
  return cidr.startsWith("127.") || cidr === "::1/128";
}
