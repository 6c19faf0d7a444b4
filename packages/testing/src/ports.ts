import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";

/** Where the kernel takes the ports of outgoing connections from, when it does not say. */
const USUAL_EPHEMERAL = [32_768, 60_999] as const;
/** Below it stand well-known ports, and those that tests name. */
const FIRST_PORT = 22_000;
const LAST_PORT = 65_535;
const MAX_DRAWS = 1000;

/** The ports that no outgoing connection takes by itself: the larger range below or above those of ip_local_port_range (ip(7)). */
function quietRange(): readonly [first: number, last: number] {
  const [low, high] = ephemeralRange();
  const below = [FIRST_PORT, low - 1] as const;
  const above = [high + 1, LAST_PORT] as const;
  const larger = below[1] - below[0] > above[1] - above[0] ? below : above;
  return larger[1] - larger[0] < MAX_DRAWS ? [FIRST_PORT, LAST_PORT] : larger;
}

function ephemeralRange(): readonly [low: number, high: number] {
  try {
    const [low, high] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/);
    return [Number(low), Number(high)];
  } catch {
    return USUAL_EPHEMERAL;
  }
}

/** Whether a port is this process's until it ends: a UDP socket of the same number tells every other process. */
const claimed = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const claim = createSocket("udp4").unref();
    claim.once("error", () => claim.close(() => resolve(false)));
    claim.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(true));
  });

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * A port of the loopback address that is free now, and stays so: nobody else is given it while this process lives, and no
 * outgoing connection takes it.
 * @throws Error when a thousand draws found none
 */
export async function freePort(): Promise<number> {
  const [first, last] = quietRange();
  for (let draw = 0; draw < MAX_DRAWS; draw += 1) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if ((await claimed(port)) && (await listens(port))) return port;
  }
  throw new Error(`no port between ${first} and ${last} is free`);
}

const TRIES = 100;
const PAUSE_MS = 50;

/** Waits until something listens on a port of the loopback address. @throws Error after five seconds */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`nothing listens on port ${port}`);
}
