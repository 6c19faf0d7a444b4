import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import { SUSPECT_MS, SUSPECT_REST_MS } from "../../bounds.ts";
import { addressKey } from "../../limits/places.ts";

/** The connections of HTTP/1.1 of one port, by address, and the addresses that send in small pieces. */
export interface Suspects {
  /** A connection has come: until it closes or is released. */
  admit(socket: Socket): void;
  /** It changes to another protocol: it is read as that one wants. */
  release(socket: Socket): void;
  /**
   * A connection of this address has used up the turn: no other connection of such addresses is read in this turn any more.
   * @param address as `addressKey` writes it
   */
  suspect(address: string): void;
}

/**
 * Makes the suspects of one port. What hundreds of connections send at the same moment is all read in one turn of the event
 * loop, and what has been read is parsed to its end: what each piece costs is known only then.
 */
export function createSuspects(clock: Pick<Clock, "schedule">): Suspects {
  const open = new Map<string, Set<Socket>>();
  const suspects = new Set<string>();
  let held: Socket[] | undefined;

  const forget = (address: string, socket: Socket): void => {
    const line = open.get(address);
    line?.delete(socket);
    if (line?.size === 0) open.delete(address);
  };
  const goOn = (): void => {
    const all = held ?? [];
    held = undefined;
    for (const socket of all) if (!socket.destroyed) socket.resume();
  };
  const hold = (address: string, all: Socket[]): void => {
    for (const socket of open.get(address) ?? []) {
      // Whoever is not read has its reasons.
      if (socket.destroyed || socket.isPaused()) continue;
      socket.pause();
      all.push(socket);
    }
  };

  return {
    admit(socket) {
      const address = addressKey(socket.remoteAddress ?? "");
      const line = open.get(address) ?? new Set();
      open.set(address, line.add(socket));
      socket.once("close", () => forget(address, socket));
    },
    release: (socket) => forget(addressKey(socket.remoteAddress ?? ""), socket),
    suspect(address) {
      const isKnown = suspects.has(address);
      if (!isKnown) {
        suspects.add(address);
        clock.schedule(SUSPECT_MS, () => suspects.delete(address));
      }
      if (held === undefined) {
        held = [];
        clock.schedule(SUSPECT_REST_MS, goOn);
        for (const each of suspects) hold(each, held);
      } else if (!isKnown) hold(address, held);
    },
  };
}
