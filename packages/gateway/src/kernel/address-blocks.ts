import { isIP } from "node:net";
import { MayflyError } from "./errors.ts";

const BITS = { 4: 32, 6: 128 } as const;

function refused(written: string, why: string, hint: string): MayflyError {
  return new MayflyError("wrong_address", `${written}: ${why}`, { hint });
}

/** An IPv6 address as eight groups (RFC 4291, section 2.2), and an IPv4 one as four bytes: numbers with their size in bits. */
function partsOf(address: string, family: 4 | 6): readonly number[] {
  if (family === 4) return address.split(".").map(Number);
  // Without an IPv4 address at its end.
  const [head = "", tail] = canonical(address).split("::");
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

/** An IPv6 address in its one canonical form (RFC 5952), as the host of a URL has it. */
function canonical(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/**
 * Reads an address or a block of addresses, as every firewall reads it.
 * @param said what to call it in an error: an option with its value
 * @returns it as a CIDR block: `10.0.0.5/32`
 * @throws MayflyError
 */
export function readBlock(written: string, said = written): string {
  const [, address = "", prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(written) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6)
    throw refused(said, "this is no address", "write 10.0.0.5, 10.0.0.0/24 or 2001:db8::5, not a name");
  const most = BITS[family];
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) throw refused(said, `a prefix has at most ${most} bits`, `write ${address}/${most}`);
  if (bits === 0) throw refused(said, "this is everybody", "name the addresses that are to be let in");
  const base = family === 6 ? canonical(address) : address;
  if (base.startsWith("::ffff:"))
    throw refused(said, "this is an IPv4 address in IPv6's form", "write it as an IPv4 address");
  if (!isBase(address, family, bits))
    throw refused(
      said,
      `it has bits behind the first ${bits}`,
      `write the address alone, or the block's first address before /${bits}`,
    );
  return `${base}/${bits}`;
}

/** Whether two blocks have an address in common. */
export function overlap(one: string, other: string): boolean {
  if (familyOf(one) !== familyOf(other)) return false;
  const family = familyOf(one);
  const [[first = "", few], [second = "", many]] = [one, other].map((block) => block.split("/")) as [
    string[],
    string[],
  ];
  const bits = Math.min(Number(few), Number(many));
  const size = family === 4 ? 8 : 16;
  const others = partsOf(second, family);
  return partsOf(first, family).every((part, at) => {
    const free = size - Math.min(size, Math.max(0, bits - at * size));
    return part >> free === (others[at] ?? 0) >> free;
  });
}

/** Whether a block lies in what a machine keeps for itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopback(cidr: string): boolean {
  return cidr.startsWith("127.") || cidr === "::1/128";
}
