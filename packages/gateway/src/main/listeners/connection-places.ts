import { once } from "node:events";
import type { Socket } from "node:net";
import type { Limits } from "../../configuration/types.ts";
import { FEW_CONNECTIONS, RESERVED_SHARE } from "../../gate/bounds.ts";
import { addressKey, createPlaces } from "../../gate/limits/places.ts";

/** The places that one port's clients may take, bounded in all and by address. */
export interface ConnectionPlaces {
  /** Takes a place for the socket until it closes; false when there is none, and the socket is destroyed. */
  admit(socket: Socket): boolean;
  /** Places taken now. */
  readonly inUse: number;
  /** Resolves when the last client has gone, or after `ms`. */
  drained(ms: number): Promise<void>;
  /** Cuts whoever has a place. */
  destroy(): void;
}

/**
 * Makes the places of a port. Half-open connections count too: they may fill the places of their own address and no
 * more, so that one address cannot take every place. The last places are kept for addresses that hold few, so that a few
 * addresses together cannot either. An IPv6 address counts with its /64.
 * @param limits asked at every connection, since a reload changes them
 */
export function createConnectionPlaces(limits: () => Limits, turnedAway: () => void): ConnectionPlaces {
  const open = new Set<Socket>();
  const places = createPlaces((held) => {
    const { connections, connectionsPerAddress } = limits();
    const kept = held < FEW_CONNECTIONS ? 0 : Math.floor(connections * RESERVED_SHARE);
    return { perKey: connectionsPerAddress, total: connections - kept };
  });
  return {
    admit(socket) {
      const release = places.acquire(addressKey(socket.remoteAddress ?? ""));
      if (release === undefined) {
        turnedAway();
        socket.destroy();
        return false;
      }
      open.add(socket);
      socket.once("close", () => {
        open.delete(socket);
        release();
      });
      return true;
    },
    get inUse() {
      return open.size;
    },
    async drained(ms) {
      if (open.size === 0) return;
      const bound = AbortSignal.timeout(ms);
      await Promise.race([
        Promise.all([...open].map((socket) => once(socket, "close"))),
        once(bound, "abort"),
      ]);
    },
    destroy() {
      for (const socket of open) socket.destroy();
    },
  };
}
