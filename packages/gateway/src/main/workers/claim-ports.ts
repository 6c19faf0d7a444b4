import { createServer } from "node:net";
import type { Configuration } from "../../configuration/types.ts";
import { listenError } from "../listeners/listener.ts";

/**
 * Makes sure that nobody listens where the workers are about to. They let the kernel share connections among all
 * sockets of one port (SO_REUSEPORT, socket(7)), and so would join whoever is there: another mayflyd, or any program of
 * the same user that does the same. A socket without that option is refused the port where anybody has it.
 * @throws MayflyError port_taken
 */
export async function claimPorts({ https, metrics, ports }: Configuration["listen"]): Promise<void> {
  for (const [member, address] of [["https", https] as const, ["metrics", metrics] as const, ...ports]) {
    if (address === undefined || address.port === 0) continue;
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(listenError(error, address, member)));
      server.listen({ host: address.host, port: address.port, exclusive: true }, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
}
