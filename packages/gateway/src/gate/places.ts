import { isIPv6 } from "node:net";

/**
 * Counted places: so many in all, and so many a key, so that no one key can take what the others need. A key is a
 * grant, a principal or an address; a place is a session, a handshake under way, a request.
 */
export interface Places {
  /**
   * Takes a place, or several at once.
   * @returns what gives them back, safe to call twice; undefined when there are not as many for that key
   */
  take(key: string, places?: number): (() => void) | undefined;
  /** How many a key has taken. */
  of(key: string): number;
  /** How many are taken in all. */
  readonly taken: number;
}

/**
 * @param limits how many places there are for one key, and in all; asked at every `take`, since a reload changes them
 */
export function createPlaces(limits: () => { readonly perKey: number; readonly total: number }): Places {
  const counts = new Map<string, number>();
  let taken = 0;
  return {
    take(key, places = 1) {
      const { perKey, total } = limits();
      const count = counts.get(key) ?? 0;
      if (count + places > perKey || taken + places > total) return undefined;
      counts.set(key, count + places);
      taken += places;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        taken -= places;
        const left = (counts.get(key) ?? places) - places;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
    of: (key) => counts.get(key) ?? 0,
    get taken() {
      return taken;
    },
  };
}

/**
 * The key of a client's address. Whoever has one IPv6 address has its whole /64 (RFC 6177, RFC 4291 section 2.5.4),
 * so that those count as one; an IPv4 address counts the same however it is written.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const bare = address.replace(/%.*$/, "");
  if (!isIPv6(bare)) return address;
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
    while (groups.length + behind < 8) groups.push("0");
    if (tail !== "") groups.push(...tail.split(":"));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
