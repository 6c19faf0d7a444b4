import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { freePort } from "@mayfly/testing/ports.ts";
import { claimPorts } from "./claim-ports.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const at = (port: number): { host: string; port: number; allowInsecureLoopback: boolean } => ({
  host: "127.0.0.1",
  port,
  allowInsecureLoopback: false,
});

async function listening(reusePort: boolean): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0, reusePort }, resolve));
  return (server.address() as AddressInfo).port;
}

test.each([false, true])(
  "a port that somebody has is refused, also where they would share it (%s)",
  async (reusePort) => {
    const port = await listening(reusePort);
    for (const listen of [
      { https: at(port), ports: new Map() },
      { https: at(0), ports: new Map([["postgres", at(port)]]) },
      { https: at(0), metrics: at(port), ports: new Map() },
    ])
      await expect(claimPorts(listen)).rejects.toMatchObject({ code: "port_taken" });
  },
);

test("a port that is free is free for the workers afterwards", async () => {
  const listen = { https: at(await freePort()), ports: new Map() };
  await claimPorts(listen);
  await expect(claimPorts(listen)).resolves.toBeUndefined();
});
