import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { request } from "node:https";
import { createSecureContext } from "node:tls";
import { connect as connectTls } from "node:tls";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApi } from "../api/server.ts";
import { fakes } from "../api/testing/fakes.ts";
import { makeCertificate } from "../configuration/testing/certificate.ts";
import type { Gate } from "../gate/gate.ts";
import type { WebHandler, WebExchange } from "../gate/web/handler.ts";
import { createRouter, send } from "../gate/web/router.ts";
import { problem } from "../gate/web/problem.ts";
import { createConnectionPlaces } from "./listeners/connection-places.ts";
import { httpsServer } from "./listeners/https.ts";

let api: FastifyInstance;
let port: number;
let close: () => void;
const seen: WebExchange[] = [];
const faults: unknown[] = [];

/** Answers what it was asked, and throws where the path says so. */
const echo: WebHandler<never, unknown> = {
  async request(exchange) {
    seen.push(exchange);
    if (exchange.target === "/throw") throw new Error("a secret of the handler");
    let bytes = 0;
    if (exchange.expectsContinue) exchange.response.writeContinue();
    for await (const chunk of exchange.request as AsyncIterable<Buffer>) bytes += chunk.length;
    send(exchange.response, problem({ status: 200, code: "echo", detail: `${exchange.target} ${bytes}` }));
  },
};

beforeEach(async () => {
  seen.length = 0;
  faults.length = 0;
  const { certificate, key } = await makeCertificate();
  const limits = {
    connections: 100,
    connectionsPerAddress: 100,
    sessionsPerGrant: 100,
    sessionsPerPrincipal: 100,
    handshake: 5000,
    messageBytes: 1024,
    statementBytes: 1024,
    pendingPerPrincipal: 1,
    actsPerSecond: 5000,
    recordBytesPerSecond: 2_097_152,
  };
  const places = createConnectionPlaces(
    () => limits,
    () => undefined,
  );
  const context = createSecureContext({ cert: certificate, key });
  // The port is not known yet, so clients name the host of the URL.
  const router = createRouter(
    [{ kind: "echo", handler: echo, gate: {} as Gate<never, unknown> }],
    "https://mayfly.test",
    (error) => faults.push(error),
  );
  const https = httpsServer({ certificate, key, context }, places, 5000, router);
  api = createApi(fakes({ serverFactory: https.factory }).services);
  await api.listen({ host: "127.0.0.1", port: 0 });
  ({ port } = api.server.address() as AddressInfo);
  close = () => https.close();
});
afterEach(async () => {
  close();
  api.server.closeAllConnections();
  await api.close();
});

interface Got {
  readonly status: number;
  readonly body: string;
}

const bearer = { authorization: "Bearer abc", host: "mayfly.test" };

function http1(path: string, headers: Record<string, string> = bearer, body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        headers,
        method: body === undefined ? "GET" : "POST",
        rejectUnauthorized: false,
      },
      (response) => {
        let all = "";
        response.setEncoding("utf8").on("data", (part: string) => (all += part));
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body: all }));
      },
    );
    sent.once("error", reject);
    if (headers["expect"] === undefined) sent.end(body);
    else {
      sent.once("continue", () => sent.end(body));
      sent.flushHeaders();
    }
  });
}

function http2(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, ":authority": "mayfly.test", ...headers });
    let status = 0;
    let all = "";
    stream.once("response", (answer) => (status = Number(answer[":status"])));
    stream.setEncoding("utf8").on("data", (part: string) => (all += part));
    stream.once("end", () => resolve({ status, body: all }));
    stream.once("error", reject);
    stream.end();
  });
}

describe("the HTTPS port", () => {
  it("hands a protocol's paths to its handler, to the byte, and everything else to the API", async () => {
    expect(await http1("/echo/shop/a%2e?x=%2F")).toMatchObject({
      status: 200,
      body: expect.stringContaining("/a%2e?x=%2F 0") as string,
    });
    expect(seen[0]).toMatchObject({ connection: "shop", bearer: "abc", expectsContinue: false });
    expect((await http1("/healthz")).status).toBe(200);
    expect((await http1("/echos/shop")).status).toBe(404);
  });

  it("speaks HTTP/2 to both", async () => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    try {
      const [handler, more, own] = await Promise.all([
        http2(session, "/echo/shop/a", { authorization: "Bearer abc" }),
        http2(session, "/echo/shop/b", { authorization: "Bearer abc" }),
        http2(session, "/healthz"),
      ]);
      expect([handler.status, more.status, own.status]).toEqual([200, 200, 200]);
      expect(seen[0]?.rawHeaders.some((name) => name.startsWith(":"))).toBe(false);
      // One connection, whatever the number of its streams: one session at the gate.
      expect(seen[0]?.connectionOf).toBe(seen[1]?.connectionOf);
      expect((await http2(session, "/echo/shop/a")).status).toBe(401);
    } finally {
      session.close();
    }
  });

  it("gives the metrics to a scraper on this machine, over HTTP/1.1 and HTTP/2", async () => {
    const local = `localhost:${port}`;
    const elsewhere = "evil.example";
    expect((await http1("/metrics", { host: local })).status).toBe(200);
    expect((await http1("/metrics", { host: elsewhere })).status).toBe(401);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await http2(session, "/metrics", headers)).status;
    try {
      expect(await status({ ":authority": local })).toBe(200);
      expect(await status({ ":authority": elsewhere })).toBe(401);
      expect(await status({ ":authority": elsewhere, host: local })).toBe(401);
      expect(await status({ ":authority": local, host: elsewhere })).toBe(401);
      expect(await status({ ":authority": local, "x-forwarded-for": "1.2.3.4" })).toBe(401);
    } finally {
      session.close();
    }
  });

  it("asks for a bearer, with where to get one", async () => {
    const { status, body } = await http1("/echo/shop/a", { host: "mayfly.test" });
    expect(status).toBe(401);
    expect(body).toContain("bearer_missing");
    expect(seen).toEqual([]);
  });

  it("refuses what is ambiguous before any handler sees it", async () => {
    expect((await http1("/echo/shop/a", { ...bearer, host: "127.0.0.1" })).status).toBe(421);
    expect((await http1("/echo/Shop/a")).status).toBe(404);
    expect((await http1("/echo/shop/a", { ...bearer, "mayfly-grant": "x" })).status).toBe(400);
    expect(seen).toEqual([]);
  });

  it("lets a client wait for 100 until its handler says so", async () => {
    const { body } = await http1(
      "/echo/shop/a",
      { ...bearer, expect: "100-continue", "content-length": "5" },
      "12345",
    );
    expect(body).toContain("/a 5");
    expect(seen[0]?.expectsContinue).toBe(true);
  });

  it("ends the connection of a client that waits for 100 and is refused: its body may come or not", async () => {
    const socket = connectTls({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    let all = "";
    socket.setEncoding("utf8").on("data", (text: string) => (all += text));
    await once(socket, "secureConnect");
    socket.write(
      `POST /echo/shop/a HTTP/1.1\r\nHost: mayfly.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    await once(socket, "end");
    expect(all).toMatch(/^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is);
    socket.destroy();
  });

  it("answers 500 and nothing more when a handler throws, and goes on", async () => {
    const { status, body } = await http1("/echo/shop/throw");
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
    expect(faults).toHaveLength(1);
    expect((await http1("/echo/shop/a")).status).toBe(200);
  });

  it("refuses to upgrade where a protocol does not, in words", async () => {
    const socket = connectTls({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    let all = "";
    socket.setEncoding("utf8").on("data", (part: string) => (all += part));
    socket.write(
      "GET /echo/shop/a HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer abc\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    await new Promise((resolve) => socket.once("close", resolve));
    expect(all).toMatch(/^HTTP\/1\.1 400 /);
    expect(all).toContain("no_upgrade");
  });
});
