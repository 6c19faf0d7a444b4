import { duplexPair, type Duplex } from "node:stream";

/** Both ends of a connection in memory. */
export interface Ends {
  readonly client: Duplex;
  /** Says the client's address, as a socket would. */
  readonly server: Duplex;
}

/**
 * Makes a connection in memory.
 * @param address whose it is
 * @param facts what else a socket would say of itself
 */
export function connectInMemory(address: string, facts: Readonly<Record<string, unknown>> = {}): Ends {
  const [client, server] = duplexPair();
  Object.assign(server, { remoteAddress: address, ...facts });
  for (const [end, other] of [
    [client, server],
    [server, client],
  ] as const) {
    // An end that fails or is destroyed takes the other with it, as a network would.
    end.on("error", () => other.destroy());
    end.once("close", () => other.destroy());
  }
  return { client, server };
}
