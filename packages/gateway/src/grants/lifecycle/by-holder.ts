import { requesterKey, type RequesterId } from "../../kernel/requester.ts";
import type { LiveGrant } from "../types.ts";

/**
 * Live grants by their holder and connection: every request with an access token looks there, however many grants others
 * hold.
 */
export interface ByHolder<Held extends LiveGrant> {
  add(held: Held): void;
  delete(held: Held): void;
  /** Those of one requester on one connection, in the order in which they were added. */
  of(requester: RequesterId, connection: string): readonly Held[];
}

/** Connections' names hold no space. */
function keyOf(requester: RequesterId, connection: string): string {
  return `${connection} ${requesterKey(requester)}`;
}

export function createByHolder<Held extends LiveGrant>(): ByHolder<Held> {
  const known = new Map<string, Set<Held>>();
  return {
    add(held) {
      const key = keyOf(held.grant.requester, held.grant.connection);
      const all = known.get(key);
      if (all === undefined) known.set(key, new Set([held]));
      else all.add(held);
    },
    delete(held) {
      const key = keyOf(held.grant.requester, held.grant.connection);
      const all = known.get(key);
      all?.delete(held);
      if (all?.size === 0) known.delete(key);
    },
    of: (requester, connection) => [...(known.get(keyOf(requester, connection)) ?? [])],
  };
}
