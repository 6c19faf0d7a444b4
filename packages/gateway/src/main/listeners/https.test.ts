import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PING_ANSWER_MS, PING_EVERY_MS } from "../../gate/bounds.ts";
import { createApi } from "../../api/server.ts";
import { fakes } from "../../api/testing/fakes.ts";
import { makeCertificate } from "../../configuration/testing/certificate.ts";
import { createConnectionPlaces } from "./connection-places.ts";
import { httpsServer } from "./https.ts";

let api: FastifyInstance | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await api?.close();
  api = undefined;
});

/** Starts the API behind TLS, with two places for each address. */
async function start(handshake: number): Promise<{
  port: number;
  turnedAway: () => number;
  inUse: () => number;
}> {
  const { certificate, key } = await makeCertificate();
  let away = 0;
  const places = createConnectionPlaces(
    () => ({
      connections: 100,
      connectionsPerAddress: 2,
      sessionsPerGrant: 100,
      sessionsPerPrincipal: 100,
      handshake,
      messageBytes: 1024,
      statementBytes: 1024,
      pendingPerPrincipal: 1,
      actsPerSecond: 5000,
      recordBytesPerSecond: 2_097_152,
    }),
    () => (away += 1),
  );
  const context = createSecureContext({ cert: certificate, key });
  const https = httpsServer({ certificate, key, context }, places, handshake);
  api = createApi(fakes({ serverFactory: https.factory }).services);
  await api.listen({ host: "127.0.0.1", port: 0 });
  return {
    port: (api.server.address() as AddressInfo).port,
    turnedAway: () => away,
    inUse: () => places.inUse,
  };
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

  it("gives a place back whose HTTP/2 client takes nothing of what was answered, and says nothing", async () => {
    const { port, inUse } = await start(60_000);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await deafClient(port);
    vi.advanceTimersByTime(PING_EVERY_MS);
    expect(inUse()).toBe(1);
    vi.advanceTimersByTime(PING_ANSWER_MS);
    await expect.poll(() => inUse()).toBe(0);
  });

  it("reads on what a client sends behind its answer, so that it reads that, and cuts one that sends on and on", async () => {
    const { port } = await start(60_000);
    const post = (length: number): string =>
      `POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n`;
    const dial = async (): Promise<Socket> => {
      const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
      sockets.push(socket.on("error", () => undefined));
      await once(socket, "secureConnect");
      return socket;
    };
    const answer = async (socket: Socket): Promise<string> => {
      const [head] = (await once(socket, "data")) as [Buffer];
      return /^HTTP.1.1 \d+/.exec(String(head))?.[0] ?? String(head);
    };
    const kept = await dial();
    kept.write(`${post(600_000)}{`);
    expect(await answer(kept)).toBe("HTTP/1.1 401");
    kept.write(`${" ".repeat(599_999)}GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    expect(await answer(kept)).toBe("HTTP/1.1 200");
    const cut = await dial();
    const closed = new Promise((resolve) => cut.once("close", resolve));
    cut.write(`${post(50_000_000)}{`);
    expect(await answer(cut)).toBe("HTTP/1.1 401");
    cut.write(" ".repeat(3_000_000));
    await closed;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const slow = await dial();
    const ended = new Promise((resolve) => slow.once("close", resolve));
    slow.write(`${post(1000)}{`);
    expect(await answer(slow)).toBe("HTTP/1.1 401");
    vi.advanceTimersByTime(5000);
    await ended;
  });

  it("reads no other connection of an address for a while when one brings more small pieces than a turn may", async () => {
    const { port } = await start(60_000);
    const accepted: Socket[] = [];
    api?.server.on("secureConnection", (socket: Socket) => accepted.push(socket));
    const [idle, busy] = [0, 1].map(() => {
      const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
      sockets.push(socket);
      return socket;
    });
    await expect.poll(() => accepted.length).toBe(2);
    const other = accepted.find(({ remotePort }) => remotePort === idle?.localPort);
    if (other === undefined) throw new Error("there is no such connection");
    const paused = once(other, "pause");
    const resumed = paused.then(() => once(other, "resume"));
    busy?.write(
      `POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(10_000)}`,
    );
    await resumed;
  });

  it("answers a request without a host itself, in its turn, instead of Node", async () => {
    const { port } = await start(60_000);
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
    sockets.push(socket);
    await once(socket, "secureConnect");
    socket.write("GET /healthz HTTP/1.1\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(String(answer)).toContain("mayfly-problem: host_ambiguous");
  });

  it("keeps an HTTP/2 client that answers pings, however long it asks for nothing more", async () => {
    const { port, inUse } = await start(60_000);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await ask(session);
    for (let round = 0; round < 5; round += 1) {
      const ping = once(session, "ping");
      vi.advanceTimersByTime(PING_EVERY_MS);
      await ping;
      // The answer to the ping comes before that to a request sent after it.
      await ask(session);
      expect(inUse()).toBe(1);
    }
    session.destroy();
  });
});

/** Asks over HTTP/2. Resolves when the answer has come to its end. */
async function ask(session: ClientHttp2Session): Promise<void> {
  await once(session.request({ ":path": "/healthz" }).resume(), "end");
}

/** A client of HTTP/2 that asks for more than the kernel's buffers take, and reads none of it. */
async function deafClient(port: number): Promise<void> {
  const socket = connectTls({ host: "127.0.0.1", port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: 2 ** 31 - 1 },
  });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  session.setLocalWindowSize(2 ** 31 - 1);
  for (let at = 0; at < 100; at += 1)
    session.request({ ":path": "/openapi.json" }).on("error", () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  // From here on nothing is read, so that no ping is answered either.
  (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
}

/** Whether a new connection is kept. */
function silentStays(port: number): Promise<boolean> {
  const { gone } = silent(port);
  return Promise.race([
    gone.then(() => false),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 200)),
  ]);
}
