import { connect, type AddressInfo, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { createApi } from "../api/api.ts";
import { fakes } from "../api/testing/fakes.ts";
import { makeCertificate } from "../configuration/testing/certificate.ts";
import { createAdmission } from "./admission.ts";
import { httpsServer } from "./https.ts";

let api: FastifyInstance | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api?.close();
  api = undefined;
});

/** Starts the API behind TLS, with two places for each address. */
async function start(handshake: number): Promise<{ port: number; turnedAway: () => number }> {
  const { certificate, key } = await makeCertificate();
  let away = 0;
  const admission = createAdmission(
    () => ({
      connections: 100,
      connectionsPerAddress: 2,
      sessionsPerGrant: 100,
      sessionsPerPrincipal: 100,
      handshake,
      messageBytes: 1024,
      pendingPerPrincipal: 1,
    }),
    () => (away += 1),
  );
  const context = createSecureContext({ cert: certificate, key });
  const https = httpsServer({ certificate, key, context }, admission, handshake);
  api = createApi(fakes({ serverFactory: https.factory }).services);
  await api.listen({ host: "127.0.0.1", port: 0 });
  return { port: (api.server.address() as AddressInfo).port, turnedAway: () => away };
}

/** Connects, and says nothing. `gone` resolves when the server has closed the connection. */
function silent(port: number): { readonly gone: Promise<string>; close(): void } {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  const gone = new Promise<string>((resolve) => {
    socket.on("error", () => undefined).once("close", () => resolve("closed"));
  });
  socket.resume();
  return { gone, close: () => socket.destroy() };
}

describe("the HTTPS server", () => {
  it("closes a connection whose handshake does not come, and gives its place back", async () => {
    const { port, turnedAway } = await start(100);
    for (let round = 0; round < 3; round += 1) {
      const both = [silent(port), silent(port)];
      expect(await Promise.all(both.map(({ gone }) => gone))).toEqual(["closed", "closed"]);
    }
    expect(turnedAway()).toBe(0);
  });

  it("gives one address no more than its places, and a freed one to whoever comes next", async () => {
    const { port, turnedAway } = await start(60_000);
    const first = silent(port);
    silent(port);
    expect(await silent(port).gone).toBe("closed");
    expect(turnedAway()).toBe(1);
    first.close();
    await first.gone;
    await expect.poll(() => api?.server.listening && silentStays(port)).toBe(true);
  });
});

/** Whether a new connection is kept. */
function silentStays(port: number): Promise<boolean> {
  const { gone } = silent(port);
  return Promise.race([
    gone.then(() => false),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 200)),
  ]);
}
