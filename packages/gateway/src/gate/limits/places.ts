import { isIPv6 } from "node:net";

/**
 * Counted places, with a limit for each key and one in all, so that no key can use up what the others need. A key is a
 * grant, a principal or an address; a place is a session, a handshake under way, a request.
 */
export interface Places {
  /**
   * Acquires one place, or several at once.
   * @returns the release, safe to call twice; undefined when the key or the total has not enough places left
   */
  acquire(key: string, places?: number): (() => void) | undefined;
  /** How many places a key holds. */
  of(key: string): number;
  /** How many places are held in all. */
  readonly inUse: number;
}

/**
 * @param limits how many places there are for one key that holds so many, and in all; read at every `acquire`, since a
 * reload changes them
 */
export function createPlaces(
  limits: (held: number) => { readonly perKey: number; readonly total: number },
): Places {
  const counts = new Map<string, number>();
  let taken = 0;
  return {
    acquire(key, places = 1) {
      const count = counts.get(key) ?? 0;
      const { perKey, total } = limits(count);
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
    get inUse() {
      return taken;
    },
  };
}

/**
 * The key of a client's address. A holder of one IPv6 address has its whole /64 (RFC 6177, RFC 4291 section 2.5.4), so
 * a /64 counts as one; an IPv4 address counts the same however it is written.
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
