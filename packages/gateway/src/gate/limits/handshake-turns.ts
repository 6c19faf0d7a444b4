import type { Duplex } from "node:stream";
import { addressKey } from "./places.ts";

/** TLS handshakes waiting for their turn. */
export interface HandshakeTurns {
  /**
   * Calls `begin` when it is this client's turn; never when its socket closes before. What the client says meanwhile
   * waits in its socket.
   */
  enter(client: Duplex, begin: () => void): void;
}

/**
 * Begins one TLS handshake a turn of the event loop, the addresses in turn (of IPv6 the /64). A handshake costs the
 * thread a signature and a key exchange, so a burst of them would otherwise hold up everybody's next turn.
 */
export function createHandshakeTurns(): HandshakeTurns {
  /** The waiting clients of each address, in the order of service. */
  const lines = new Map<string, Set<() => void>>();
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned || lines.size === 0) return;
    isPlanned = true;
    setImmediate(step);
  };

  const step = (): void => {
    isPlanned = false;
    for (const [key, line] of lines) {
      const [first] = line;
      lines.delete(key);
      if (first === undefined) continue;
      line.delete(first);
      // To the end of the queue.
      if (line.size > 0) lines.set(key, line);
      first();
      break;
    }
    plan();
  };

  return {
    enter(client, begin) {
      const key = addressKey("remoteAddress" in client ? String(client.remoteAddress) : "");
      const line = lines.get(key) ?? new Set();
      lines.set(key, line);
      const leave = (): void => {
        line.delete(start);
      };
      const start = (): void => {
        client.off("close", leave);
        begin();
      };
      client.once("close", leave);
      line.add(start);
      plan();
    },
  };
}
