import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { encodeFrame } from "../../../gate/web/websocket/encode.ts";
import { createFrameReader, opcodes } from "../../../gate/web/websocket/frames.ts";
import { acceptOf } from "../../../gate/web/websocket/handshake.ts";
import { createSpdyHeaderWriter, encodeData } from "./spdy.ts";
import { bearer, grant, type Rig, startRig } from "../testing/rig.ts";

let rig: Rig | undefined;
let cluster: Server | undefined;
const entered = new Set<Duplex>();
afterEach(async () => {
  await rig?.close();
  for (const socket of entered) socket.destroy();
  cluster?.closeAllConnections();
  await new Promise((resolve) => cluster?.close(resolve));
  entered.clear();
});

interface Entered {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  got: Buffer;
  gone: boolean;
}

type Answer = (request: IncomingMessage) => string;

const webSocketAnswer: Answer = (request) =>
  `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request.headers["sec-websocket-key"] ?? "")}\r\nSec-WebSocket-Protocol: ${request.headers["sec-websocket-protocol"]?.split(",")[0] ?? ""}\r\n\r\n`;
const spdyAnswer: Answer = (request) =>
  `HTTP/1.1 101 X\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nX-Stream-Protocol-Version: ${String(request.headers["x-stream-protocol-version"])}\r\n\r\n`;

/** A cluster of one pod whose streams the test writes. */
async function start(
  answer: Answer = webSocketAnswer,
  labels = (): unknown => ({ app: "shop" }),
): Promise<Entered[]> {
  const streams: Entered[] = [];
  const server = createServer((request, response) => {
    const known = request.url === "/api/v1/namespaces/shop/pods/web-1";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ metadata: { uid: "uid-1", labels: labels() } }));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    entered.add(socket);
    const one: Entered = { request, socket, got: Buffer.alloc(0), gone: false };
    streams.push(one);
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    socket.once("close", () => (one.gone = true));
    socket.on("data", (chunk: Buffer) => (one.got = Buffer.concat([one.got, chunk])));
    socket.write(answer(request));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  cluster = server;
  rig = await startRig(
    { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "only-the-gateway-knows" },
    {
      look: {
        exec: { namespaces: ["shop"], pods: { app: "shop" }, commands: [["cat", "/var/log/app.log"]] },
      },
      type: { exec: { namespaces: ["shop"], pods: { app: "shop" }, commands: [["cat"]], stdin: true } },
      forward: { port_forward: { namespaces: ["shop"], pods: { app: "shop" }, ports: [8080] } },
    },
  );
  return streams;
}

interface Client {
  readonly socket: TLSSocket;
  /** All that came, its head included. */
  readonly got: () => Buffer;
  readonly text: () => string;
  readonly gone: () => boolean;
}

const look = "container=app&command=cat&command=%2Fvar%2Flog%2Fapp.log&stdout=true&stderr=true";
const type = "container=app&command=cat&stdin=true&stdout=true";
const webSocket = (protocol: string): Record<string, string> => ({
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol": protocol,
});
const spdy = (protocol: string): Record<string, string> => ({
  Connection: "Upgrade",
  Upgrade: "SPDY/3.1",
  "X-Stream-Protocol-Version": protocol,
});

function open(query: string, headers: Record<string, string>, method = "GET", sub = "exec"): Client {
  if (rig === undefined) throw new Error("no rig");
  const socket = rig.connect();
  let all: Buffer = Buffer.alloc(0);
  let gone = false;
  socket.on("data", (chunk: Buffer) => (all = Buffer.concat([all, chunk])));
  socket.once("close", () => (gone = true));
  const { host } = new URL(rig.url);
  const lines = Object.entries({ Host: host, Authorization: `Bearer ${bearer}`, ...headers });
  socket.write(
    `${method} /kubernetes/prod/api/v1/namespaces/shop/pods/web-1/${sub}${query === "" ? "" : `?${query}`} HTTP/1.1\r\n${lines
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`,
  );
  return { socket, got: () => all, text: () => all.toString("latin1"), gone: () => gone };
}

const key = Buffer.from([1, 2, 3, 4]);
const channel = (number: number, data: string): Buffer =>
  encodeFrame(opcodes.binary, Buffer.concat([Buffer.from([number]), Buffer.from(data)]), key);
const fromCluster = (number: number, data: string): Buffer =>
  encodeFrame(opcodes.binary, Buffer.concat([Buffer.from([number]), Buffer.from(data)]));

/** The payloads of the frames that a client got. */
function frames(client: Client): readonly Buffer[] {
  const all = client.got();
  const head = all.indexOf("\r\n\r\n") + 4;
  const read = createFrameReader({ from: "server", maxPayloadBytes: 2_000_000 });
  return read(all.subarray(head)).map(({ payload }) => payload);
}

describe.each([
  ["a command over WebSocket", look, webSocket("v5.channel.k8s.io"), "exec", "GET"],
  ["a command over SPDY", look, spdy("v4.channel.k8s.io"), "exec", "POST"],
  ["a port over SPDY", "", spdy("portforward.k8s.io"), "portforward", "POST"],
])("%s", (_, query, headers, sub, method) => {
  it("tells the API server the act's span while traces are exported, else the client's own", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const mine = `00-${traceId}-00f067aa0ba902b7-01`;
    const other = `00-${"a".repeat(32)}-00f067aa0ba902b7-01`;
    const streams = await start();
    const told = async (traceparent: string): Promise<readonly unknown[]> => {
      const before = streams.length;
      open(query, { ...headers, traceparent, tracestate: "vendor=1" }, method, sub);
      await expect.poll(() => streams.length).toBe(before + 1);
      const sent = streams.at(-1)?.request.headers;
      return [sent?.["traceparent"], sent?.["tracestate"]];
    };
    expect(await told(other)).toEqual([other, "vendor=1"]);
    const state = rig?.world.state;
    if (state === undefined) throw new Error("no rig");
    state.traces = { of: () => ({ traceId, leaving: (intent) => `act ${intent}` }) };
    for (const [sent, passes] of [
      [other, undefined],
      [mine, "vendor=1"],
    ] as const) {
      const passed = await told(sent);
      const intent = rig?.world.log.written.findLastIndex(({ type }) => type === "act.intent");
      expect(passed).toEqual([`act ${intent}`, passes]);
    }
  });
});

const outcome = (): Record<string, unknown> | undefined => rig?.records("act.outcome")[0];

describe("a command over WebSocket", () => {
  it("is judged, recorded and followed both ways, with the gateway's credential", async () => {
    const streams = await start();
    const client = open(type, webSocket("v5.channel.k8s.io, base64.channel.k8s.io"));
    await expect.poll(client.text).toContain("101 Switching Protocols");
    expect(client.text()).toContain("Sec-WebSocket-Protocol: v5.channel.k8s.io");
    const sent = streams[0]?.request.rawHeaders.join("\n") ?? "";
    expect(sent).toContain("Bearer only-the-gateway-knows");
    expect(sent).not.toMatch(/good\.0oabot|base64\.channel|dGhlIHNhbXBsZSBub25jZQ/);
    client.socket.write(channel(0, "typed"));
    client.socket.write(channel(255, "\0"));
    await expect
      .poll(() => streams[0]?.got.length)
      .toBe(channel(0, "typed").length + channel(255, "\0").length);
    streams[0]?.socket.write(
      Buffer.concat([fromCluster(1, "written"), fromCluster(3, '{"status":"Success"}')]),
    );
    await expect
      .poll(() => frames(client).map(String))
      .toEqual(["\u0001written", '\u0003{"status":"Success"}']);
    streams[0]?.socket.end();
    await expect.poll(outcome).toMatchObject({ status: 0, bytes: 7, more: { sent_bytes: 5 } });
    const { more } = outcome() as { more: { recording: Record<string, { parts: { payload: string }[] }> } };
    const cast = (which: string): string =>
      String(rig?.world.log.payloads.get(more.recording[which]?.parts[0]?.payload ?? ""));
    expect(cast("output")).toContain('"o","written"');
    expect(cast("input")).toContain('"i","typed"');
  });

  it.each([
    ["k8s-exec-28: input although it was not granted", look, channel(0, "rm -rf /\n"), "stdin_not_granted"],
    ["k8s-exec-29: channel 9", look, channel(9, "x"), "channel_unknown"],
    ["k8s-exec-29: channel 255 without input", look, channel(255, "\0"), "channel_unknown"],
    ["the channel of the output", look, channel(1, "x"), "channel_unknown"],
    ["closing another channel than input", type, channel(255, "\u0001"), "channel_unknown"],
    ["a text message", type, encodeFrame(opcodes.text, Buffer.from("0x"), key), "frames_malformed"],
    ["no mask", type, encodeFrame(opcodes.binary, Buffer.from("\0x")), "frames_malformed"],
    ["a size that is none", look, channel(4, '{"Width":-1,"Height":1}'), "frames_malformed"],
    [
      "a frame that says it is large",
      type,
      Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]),
      "frame_too_large",
    ],
    ["HTTP", type, Buffer.from("GET /api/v1/secrets HTTP/1.1\r\n\r\n"), "frames_malformed"],
  ])("is cut for %s", async (_, query, bytes, code) => {
    const streams = await start();
    const client = open(query, webSocket("v5.channel.k8s.io"));
    await expect.poll(client.text).toContain("101 ");
    client.socket.write(bytes);
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
    expect(streams[0]?.got.length).toBe(0);
    await expect.poll(outcome).toMatchObject({ error: code });
    expect(String(frames(client)[0])).toContain('"status":"Failure"');
  });

  it.each([
    ["a channel that was not asked for", fromCluster(7, "x"), "channel_unknown"],
    ["a masked frame", channel(1, "x"), "frames_malformed"],
  ])("is cut when the cluster sends %s", async (_, bytes, code) => {
    const streams = await start();
    const client = open(look, webSocket("v4.channel.k8s.io"));
    await expect.poll(client.text).toContain("101 ");
    streams[0]?.socket.write(bytes);
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
    await expect.poll(outcome).toMatchObject({ error: code });
  });

  it("is told why when its grant ends, and closed on both sides", async () => {
    const streams = await start();
    const client = open(type, webSocket("v5.channel.k8s.io"));
    await expect.poll(client.text).toContain("101 ");
    rig?.world.end(grant, { state: "expired", words: "grant expired after 5m" });
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
    const [status, close] = frames(client);
    expect(JSON.parse(String(status?.subarray(1)))).toMatchObject({
      message: "Mayfly: grant expired after 5m",
    });
    expect(String(close?.subarray(2))).toBe("Mayfly: grant expired after 5m");
    await expect.poll(outcome).toMatchObject({ error: "grant_ended" });
  });

  it("ends when its recording cannot be kept", async () => {
    const streams = await start();
    const client = open(look, webSocket("v4.channel.k8s.io"));
    await expect.poll(client.text).toContain("101 ");
    if (rig !== undefined) rig.world.log.broken = { why: "disk full", late: false };
    for (let i = 0; i < 20; i += 1) streams[0]?.socket.write(fromCluster(1, "x".repeat(20_000)));
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
  });

  it.each([
    [
      "k8s-exec-34: a redirect",
      "HTTP/1.1 302 Found\r\nLocation: https://evil/\r\nContent-Length: 0\r\n\r\n",
      502,
    ],
    [
      "a wrong accept",
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
      502,
    ],
    ["another protocol", "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 502],
    ["its own refusal", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403],
  ])("is no tunnel when the cluster answers with %s", async (_, answer, code) => {
    await start(() => answer);
    const client = open(look, webSocket("v5.channel.k8s.io"));
    await expect.poll(client.gone).toBe(true);
    expect(client.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${code}`));
    expect(client.text()).not.toContain("evil");
    await expect.poll(() => outcome()?.["error"]).toBeTypeOf("string");
  });

  it("is closed when the pod's labels changed while it was entered", async () => {
    let asked = 0;
    const streams = await start(webSocketAnswer, () => ({ app: (asked += 1) === 1 ? "shop" : "other" }));
    const client = open(look, webSocket("v5.channel.k8s.io"));
    await expect.poll(client.gone).toBe(true);
    expect(client.text()).toMatch(/^HTTP\/1\.1 409/);
    await expect.poll(() => streams[0]?.gone).toBe(true);
    await expect.poll(() => outcome()).toMatchObject({ error: "pod_changed" });
  });

  it.each([
    [
      "a bearer among its protocols",
      look,
      "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.eHg",
      403,
    ],
    ["a protocol that nobody follows", look, "base64.channel.k8s.io", 400],
    ["input that its operation does not grant", `${look}&stdin=true`, "v5.channel.k8s.io", 403],
  ])("is refused with %s", async (_, query, protocol, code) => {
    const streams = await start();
    const client = open(query, webSocket(protocol));
    await expect.poll(client.gone).toBe(true);
    expect(client.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${code}`));
    expect(streams).toEqual([]);
  });
});

describe("a command over SPDY", () => {
  const error = { streamtype: "error" };

  it.each([
    ["input although it was not granted", [{ streamtype: "stdin" }], "stdin_not_granted"],
    ["a stream that nobody knows", [{ streamtype: "root" }], "channel_unknown"],
    ["a stream twice", [error, error], "channel_unknown"],
    ["a terminal's size without a terminal", [{ streamtype: "resize" }], "channel_unknown"],
    ["more than the stream's name", [{ streamtype: "error", port: "1" }], "frames_malformed"],
  ])("is cut for %s", async (_, opened, code) => {
    const streams = await start(spdyAnswer);
    const client = open(look, spdy("v4.channel.k8s.io"), "POST");
    await expect.poll(client.text).toContain("101 ");
    const writer = createSpdyHeaderWriter();
    // oxlint-disable-next-line no-await-in-loop -- the blocks share one zlib stream
    for (const [i, headers] of opened.entries())
      client.socket.write(await writer.synStream(2 * i + 1, headers));
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
    await expect.poll(outcome).toMatchObject({ error: code });
  });

  it.each([
    ["on the output's stream", encodeData(3, Buffer.from("x"), false)],
    ["on a stream that was never opened", encodeData(9, Buffer.from("x"), false)],
  ])("is cut for data %s", async (_, data) => {
    await start(spdyAnswer);
    const client = open(look, spdy("v4.channel.k8s.io"), "POST");
    await expect.poll(client.text).toContain("101 ");
    const writer = createSpdyHeaderWriter();
    client.socket.write(await writer.synStream(1, error));
    client.socket.write(await writer.synStream(3, { streamtype: "stdout" }));
    client.socket.write(data);
    await expect.poll(client.gone).toBe(true);
    await expect.poll(outcome).toMatchObject({ error: "channel_unknown" });
  });

  it("is cut when the cluster opens a stream", async () => {
    const streams = await start(spdyAnswer);
    const client = open(look, spdy("v4.channel.k8s.io"), "POST");
    await expect.poll(client.text).toContain("101 ");
    streams[0]?.socket.write(await createSpdyHeaderWriter().synStream(2, error));
    await expect.poll(client.gone).toBe(true);
    await expect.poll(outcome).toMatchObject({ error: "frames_malformed" });
  });
});

describe("forwarded ports", () => {
  const pair = (port: string, type: string, requestid: string): Record<string, string> => ({
    streamtype: type,
    port,
    requestid,
  });

  it.each([
    ["a port that is not granted", [pair("22", "error", "0")], "port_not_granted"],
    [
      "another port on the data's stream",
      [pair("8080", "error", "0"), pair("22", "data", "0")],
      "channel_unknown",
    ],
    ["a port in another form", [pair("08080", "error", "0")], "channel_unknown"],
    ["a stream without its request", [{ streamtype: "data", port: "8080" }], "frames_malformed"],
  ])("are cut for %s", async (_, opened, code) => {
    const streams = await start(spdyAnswer);
    const client = open("", spdy("portforward.k8s.io"), "POST", "portforward");
    await expect.poll(client.text).toContain("101 ");
    const writer = createSpdyHeaderWriter();
    // oxlint-disable-next-line no-await-in-loop -- the blocks share one zlib stream
    for (const [i, headers] of opened.entries())
      client.socket.write(await writer.synStream(2 * i + 1, headers));
    await expect.poll(() => [client.gone(), streams[0]?.gone]).toEqual([true, true]);
    expect(streams[0]?.got.includes(Buffer.from("22"))).toBe(false);
    await expect.poll(() => rig?.records("act.outcome").some((each) => each["error"] === code)).toBe(true);
  });

  it("record each connection by its port, before anything of it goes on", async () => {
    const streams = await start(spdyAnswer);
    const client = open("", spdy("portforward.k8s.io"), "POST", "portforward");
    await expect.poll(client.text).toContain("101 ");
    const writer = createSpdyHeaderWriter();
    client.socket.write(await writer.synStream(1, pair("8080", "error", "0")));
    client.socket.write(await writer.synStream(3, pair("8080", "data", "0")));
    client.socket.write(encodeData(3, Buffer.from("GET /"), false));
    await expect.poll(() => streams[0]?.got.includes(Buffer.from("GET /"))).toBe(true);
    expect(rig?.records("act.intent").map(({ act }) => (act as { port?: number }).port)).toEqual([
      undefined,
      8080,
    ]);
    client.socket.destroy();
    await expect.poll(() => rig?.records("act.outcome").length).toBe(2);
    expect(rig?.records("act.outcome")[0]).toMatchObject({ more: { sent_bytes: 5 } });
  });
});
