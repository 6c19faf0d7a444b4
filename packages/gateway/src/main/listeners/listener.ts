import { createServer, type Server, type Socket } from "node:net";
import type { ListenAddress, Limits } from "../../configuration/types.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createConnectionPlaces } from "./connection-places.ts";

/** An address, and whether other processes of this gateway listen there too. */
export interface SharedAddress extends ListenAddress {
  /** Lets the kernel share connections among the processes (SO_REUSEPORT, socket(7)). */
  readonly reusePort?: boolean;
}

/** A listening TCP port. */
export interface Listener {
  /** The port that was really taken, for a configured port of 0. */
  readonly port: number;
  /** Client connections now, before and after authentication. */
  readonly connections: number;
  /** Takes no more clients. */
  close(): void;
  /** Resolves when the last client has gone, or after `ms`. Call it after `close`. */
  drained(ms: number): Promise<void>;
  /** Cuts whoever is still connected. */
  destroy(): void;
}

/** The error of a port that cannot be had, in words. */
export function listenError(
  error: NodeJS.ErrnoException,
  address: ListenAddress,
  member: string,
): MayflyError {
  const where = `${address.host}:${address.port}`;
  if (error.code === "EADDRINUSE") {
    return new MayflyError("port_taken", `${where} is taken by another program (listen.${member})`, {
      hint: `end it, or choose another port in listen.${member}; 'ss -ltnp sport = :${address.port}' shows who has it`,
    });
  }
  if (error.code === "EACCES") {
    return new MayflyError("port_forbidden", `${where} may not be opened by this user (listen.${member})`, {
      hint: "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one",
    });
  }
  return new MayflyError(
    "listen_failed",
    `cannot listen on ${where} (listen.${member}): ${error.code ?? error.message}`,
    {
      hint: "is the address one of this machine's?",
    },
  );
}

/**
 * Listens for one protocol's clients, bounded in all and by address, so that one address cannot take every place.
 * @throws MayflyError when the port cannot be had
 */
export async function listen(
  address: SharedAddress,
  member: string,
  limits: () => Limits,
  serve: (socket: Socket) => void,
  turnedAway: () => void,
): Promise<Listener> {
  const places = createConnectionPlaces(limits, turnedAway);
  const server: Server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    if (!places.admit(socket)) return;
    // A protocol adds its own handler; until it has, a reset must not end the process.
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address, member)));
    const { host, port, reusePort = false } = address;
    server.listen({ host, port, reusePort, backlog: 1024 }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    get connections() {
      return places.inUse;
    },
    close() {
      server.close();
    },
    drained: (ms) => places.drained(ms),
    destroy() {
      server.close();
      places.destroy();
    },
  };
}
