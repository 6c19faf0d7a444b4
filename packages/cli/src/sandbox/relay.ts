import { connect, type Server, type Socket } from "node:net";
import type { Door } from "./doors.ts";

/** Connections through all doors at a time: more are closed at once. */
const MAX_CONNECTIONS = 1000;

/** What lets the sandbox's clients through. */
export interface Relay {
  /** Lets what connects to a socket of the sandbox through to a door. */
  serve(server: Server, door: Door): void;
  close(): void;
}

/** Carries bytes between what connects in a sandbox and the gateway, outside of it. */
export function startRelay(): Relay {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const join = (inside: Socket, { host, port }: Door): void => {
    if (sockets.size >= 2 * MAX_CONNECTIONS) {
      inside.destroy();
      return;
    }
    const outside = connect({ host, port, allowHalfOpen: true, noDelay: true });
    for (const [one, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(one);
      // An error is told to the other side the only way there is.
      one.on("error", () => other.resetAndDestroy());
      one.on("close", () => {
        sockets.delete(one);
        if (one.destroyed && !one.readableEnded) other.destroy();
      });
    }
    inside.pipe(outside).pipe(inside);
  };
  return {
    serve(server, door) {
      servers.add(server);
      // What ends its side still gets the answer. A server that was handed over has forgotten that it was made so.
      Object.assign(server, { allowHalfOpen: true });
      server.on("connection", (inside) => join(inside, door));
    },
    close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
