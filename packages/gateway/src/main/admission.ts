import { once } from "node:events";
import type { Socket } from "node:net";
import type { Limits } from "../configuration/types.ts";
import { FEW_CONNECTIONS, RESERVED_SHARE } from "../gate/bounds.ts";
import { addressKey } from "../gate/places.ts";

/** The places that one port's clients may take, bounded in all and by address. */
export interface Admission {
  /** Takes a place for the socket until it closes; false when there is none, and the socket is destroyed. */
  admit(socket: Socket): boolean;
  /** Places taken now. */
  readonly connections: number;
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
export function createAdmission(limits: () => Limits, turnedAway: () => void): Admission {
  const open = new Set<Socket>();
  const perAddress = new Map<string, number>();
  return {
    admit(socket) {
      const from = addressKey(socket.remoteAddress ?? "");
      const count = perAddress.get(from) ?? 0;
      const { connections, connectionsPerAddress } = limits();
      const kept = count < FEW_CONNECTIONS ? 0 : Math.floor(connections * RESERVED_SHARE);
      if (open.size >= connections - kept || count >= connectionsPerAddress) {
        turnedAway();
        socket.destroy();
        return false;
      }
      open.add(socket);
      perAddress.set(from, count + 1);
      socket.once("close", () => {
        open.delete(socket);
        const left = (perAddress.get(from) ?? 1) - 1;
        if (left > 0) perAddress.set(from, left);
        else perAddress.delete(from);
      });
      return true;
    },
    get connections() {
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
