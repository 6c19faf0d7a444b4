import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/**
 * What stands between one gateway and the store: a TCP relay on the loopback address. Switched to another port it does what
 * a virtual address does at a failover; parted it passes no byte and says nothing, as a network that is cut does.
 */
export interface Relay {
  readonly port: number;
  /** New connections go there; those to the old one are cut. */
  switchTo(port: number): void;
  part(): void;
  /** Passes bytes again. What was sent meanwhile arrives late, as TCP would deliver it. */
  heal(): void;
  close(): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startRelay(target: number): Promise<Relay> {
  let port = target;
  let isParted = false;
  const pairs = new Set<Pair>();
  const cut = ({ client, server }: Pair): void => {
    client.destroy();
    server.destroy();
  };
  const server = createServer((client) => {
    const pair = { client, server: connect(port, "127.0.0.1") };
    pairs.add(pair);
    for (const [from, to] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => undefined);
      from.once("close", () => {
        // A parted peer learns of nothing, not even of an end.
        if (!isParted) cut(pair);
        pairs.delete(pair);
      });
      if (isParted) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    switchTo(next) {
      port = next;
      for (const pair of pairs) cut(pair);
    },
    part() {
      isParted = true;
      for (const pair of pairs) {
        pair.client.pause();
        pair.server.pause();
      }
    },
    heal() {
      isParted = false;
      for (const pair of pairs) {
        if (pair.client.destroyed || pair.server.destroyed) cut(pair);
        pair.client.resume();
        pair.server.resume();
      }
    },
    close() {
      server.close();
      for (const pair of pairs) cut(pair);
    },
  };
}
