import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";

/** Servers that a test starts; they and their connections are closed after it. */
export interface Servers {
  /** Starts one, on a free port of the loopback address where nothing else is said. @returns its port, of a file's socket 0 */
  listen(server: Server, at?: ListenOptions): Promise<number>;
  /** Starts one that does something with each connection. */
  serve(each: (socket: Socket) => void): Promise<number>;
  /** Takes care of a connection that a server made itself. */
  keep(socket: Socket): void;
}

/** Closes after each test of a file what that test started. */
export function useServers(): Servers {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    sockets.clear();
    servers.clear();
  });

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  };
  const listen: Servers["listen"] = async (server, at = { host: "127.0.0.1", port: 0 }) => {
    servers.add(server);
    server.on("connection", keep);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, resolve);
    });
    return at.path === undefined ? (server.address() as AddressInfo).port : 0;
  };
  return { listen, keep, serve: (each) => listen(createServer(each)) };
}
