import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { afterEach, expect, test, vi } from "vitest";
import { makeCertificate } from "../../configuration/testing/certificate.ts";
import { Secret } from "../../kernel/secret.ts";
import { listenForScrapes, type MetricsPort } from "./metrics.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const { certificate, key } = await makeCertificate();
const ports: MetricsPort[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const each of ports.splice(0)) each.close();
});

/** @param host where it listens; every test asks it over the loopback address */
async function start(host: string, token: string | undefined, text = async () => "mayfly_sessions 3\n") {
  const faults: unknown[] = [];
  const listening = await listenForScrapes({
    address: { host, port: 0, allowInsecureLoopback: false },
    reusePort: false,
    secureContext: () => createSecureContext({ cert: certificate, key }),
    token: () => (token === undefined ? undefined : new Secret(token)),
    text,
    fault: (error) => faults.push(error),
  });
  ports.push(listening);
  const { port } = listening;
  const ask = (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    { method = "GET", secure = false } = {},
  ): Promise<{ status: number; body: string; type: string }> =>
    new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port,
        path,
        method,
        headers,
        agent: false,
        rejectUnauthorized: false,
      };
      const sent = (secure ? requestHttps : requestHttp)(options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => (body += part));
        const { statusCode: status = 0 } = response;
        response.once("end", () => resolve({ status, body, type: String(response.headers["content-type"]) }));
      });
      sent.once("error", reject).end();
    });
  return { port, ask, faults };
}

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

test("on the loopback address a scraper of this machine reads the metrics, and nothing else is there", async () => {
  const { ask } = await start("127.0.0.1", undefined);
  expect(await ask("/metrics")).toEqual({
    status: 200,
    body: "mayfly_sessions 3\n",
    type: "text/plain; version=0.0.4; charset=utf-8",
  });
  expect((await ask("/metrics?name=x", {}, { method: "HEAD" })).status).toBe(200);
  expect((await ask("/metrics", {}, { method: "POST" })).status).toBe(405);
  for (const path of ["/", "/healthz", "/metrics/", "/v1/grants", "//metrics"])
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
});

test.each([
  ["that a proxy on this machine sends on", { "x-forwarded-for": "10.0.0.1" }],
  ["of a page whose name leads here", { host: "evil.example" }],
  ["of a browser", { origin: "http://localhost:3000" }],
  ["with a token where there is none", bearer(TOKEN)],
])("refuses one %s", async (_what, headers) => {
  const { ask } = await start("127.0.0.1", undefined);
  const { status, body } = await ask("/metrics", headers);
  expect([status, body]).toEqual([401, "this takes the token of telemetry.metrics\n"]);
});

test("on any other address it speaks TLS alone, and takes the token or a scraper of this machine", async () => {
  const { ask } = await start("0.0.0.0", TOKEN);
  const proxied = { "x-forwarded-for": "10.0.0.1" };
  const secure = { secure: true };
  await expect(ask("/metrics", bearer(TOKEN))).rejects.toThrow(/hang up|ECONNRESET|Parse Error/);
  expect((await ask("/metrics", { ...proxied, ...bearer(TOKEN) }, secure)).status).toBe(200);
  expect((await ask("/metrics", proxied, secure)).status).toBe(401);
  for (const wrong of [TOKEN.slice(1), `${TOKEN}0`, TOKEN.toUpperCase(), "x"])
    expect([wrong, (await ask("/metrics", bearer(wrong), secure)).status]).toEqual([wrong, 401]);
  // A wrong token is not forgiven for coming from here.
  expect((await ask("/metrics", { authorization: `Basic ${TOKEN}` }, secure)).status).toBe(401);
});

test("metrics that cannot be read are a fault and an answer", async () => {
  const { ask, faults } = await start("127.0.0.1", undefined, async () => {
    throw new Error("a collector threw");
  });
  expect((await ask("/metrics")).status).toBe(500);
  expect(faults).toEqual(["a collector threw"]);
});

test("closing cuts whoever is connected", async () => {
  const { port } = await start("127.0.0.1", undefined);
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const gone = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined);
  // The listener knows of it once it was accepted.
  socket.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  for (const each of ports.splice(0)) each.close();
  await gone;
  expect(socket.destroyed).toBe(true);
});

/** What is said on a connection, and whether the gateway has ended it. */
function talk(socket: Socket): { said: string; isOver: boolean } {
  const heard = { said: "", isOver: false };
  socket.on("error", () => undefined).on("data", (part) => (heard.said += String(part)));
  socket.once("close", () => (heard.isOver = true));
  return heard;
}
const head = (path: string, headers = ""): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`;

test.each([
  ["another path", head("/")],
  ["no token", head("/metrics", "x-forwarded-for: 10.0.0.1\r\n")],
  ["another method", head("/metrics").replace("GET", "PUT")],
])(
  "whoever is refused for %s is let go at once, and a scraper keeps its connection",
  async (_what, refused) => {
    const { port } = await start("127.0.0.1", undefined);
    const socket = connect(port, "127.0.0.1");
    const heard = talk(socket);
    for (const times of [1, 2]) {
      socket.write(head("/metrics"));
      await expect.poll(() => heard.said.split("mayfly_sessions 3").length - 1).toBe(times);
    }
    expect(heard.isOver).toBe(false);
    socket.write(refused);
    await expect.poll(() => heard.isOver).toBe(true);
    expect(heard.said).toMatch(/HTTP\/1\.1 40[145] [^]*connection: close/i);
  },
);

test("connections without a request that may be answered are cut, and a scraper's is not", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { port } = await start("0.0.0.0", TOKEN);
  const speak = async (): Promise<Socket> => {
    const tls = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
    await new Promise((resolve) => tls.once("secureConnect", resolve));
    return tls;
  };
  const [scraper, silent, slow] = [await speak(), await speak(), await speak()];
  const heard = [scraper, silent, slow, connect(port, "127.0.0.1")].map(talk);
  const token = `authorization: Bearer ${TOKEN}\r\n`;
  scraper.write(head("/metrics", token));
  await expect.poll(() => heard[0]?.said).toContain("mayfly_sessions 3");
  await expect.poll(() => vi.getTimerCount()).toBe(3);
  vi.advanceTimersByTime(4000);
  slow.write("GET /metrics HTTP/1.1\r\n");
  vi.advanceTimersByTime(1000);
  await expect.poll(() => heard.map(({ isOver }) => isOver)).toEqual([false, true, true, true]);
  scraper.write(head("/metrics", token));
  await expect.poll(() => heard[0]?.said.split("mayfly_sessions 3").length).toBe(3);
  scraper.destroy();
});
