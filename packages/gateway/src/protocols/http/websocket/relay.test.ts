import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { encodeClose, POLICY_VIOLATION } from "../../../gate/web/websocket/encode.ts";
import { head, type Rig, startRig } from "../testing/rig.ts";

let rig: Rig;
afterEach(() => rig.close());

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const handshake = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": key,
  "Sec-WebSocket-Extensions": "permessage-deflate",
};
const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
const text = (words: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, words.length]), Buffer.from(words)]);
const masked = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);

let api: { socket: Duplex; request: IncomingMessage; got: Buffer } | undefined;

async function start(
  answer = `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
): Promise<void> {
  api = undefined;
  rig = await startRig({
    api: (_, response) => response.writeHead(404).end("no"),
    onUpgrade(request, socket) {
      const made = { socket, request, got: Buffer.alloc(0) };
      api = made;
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => (made.got = Buffer.concat([made.got, chunk])));
      socket.write(answer);
    },
    operations: {
      stream: { requests: ["GET /socket"], websocket: true },
      read: { requests: ["GET /plain"] },
    },
  });
}

function open(
  path = "/socket",
  more: Readonly<Record<string, string>> = {},
): { socket: Socket; got: () => string; gone: () => boolean } {
  const socket = rig.connect();
  let all = "";
  let gone = false;
  socket.setEncoding("latin1").on("data", (part: string) => (all += part));
  socket.once("close", () => (gone = true));
  socket.write(head("GET", path, { ...handshake, ...more }));
  return { socket, got: () => all, gone: () => gone };
}

describe("a WebSocket through the gateway", () => {
  it("is judged, recorded and relayed, with the gateway's credential", async () => {
    await start();
    const { socket, got } = open();
    await expect.poll(got).toContain("101 Switching Protocols");
    expect(got()).toContain(`Sec-WebSocket-Accept: ${accept}`);
    const sent = api?.request.rawHeaders.join("\n") ?? "";
    expect(sent).toContain("Bearer only-the-gateway-knows");
    expect(sent).not.toMatch(/good\.0oabot|permessage/);
    socket.write(masked);
    await expect.poll(() => api?.got.equals(masked)).toBe(true);
    api?.socket.write(text("hello"));
    await expect.poll(got).toContain("hello");
    expect(rig.records("act.intent")[0]).toMatchObject({ act: { path: "/socket", upgrade: "websocket" } });
    socket.destroy();
    await expect
      .poll(() => rig.records("act.outcome")[0])
      .toMatchObject({ status: 101, bytes: 7, more: { sent_bytes: 8 } });
  });

  it("tells the API the act's span while traces are exported, else the client's own", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const mine = `00-${traceId}-00f067aa0ba902b7-01`;
    const other = `00-${"a".repeat(32)}-00f067aa0ba902b7-01`;
    const told = async (traceparent: string): Promise<readonly unknown[]> => {
      const { socket, got } = open("/socket", { traceparent, tracestate: "vendor=1" });
      await expect.poll(got).toContain("101 Switching Protocols");
      socket.destroy();
      return [api?.request.headers["traceparent"], api?.request.headers["tracestate"]];
    };
    await start();
    expect(await told(other)).toEqual([other, "vendor=1"]);
    rig.world.state.traces = { of: () => ({ traceId, leaving: (intent) => `act ${intent}` }) };
    for (const [sent, state] of [
      [other, undefined],
      [mine, "vendor=1"],
    ] as const) {
      const passed = await told(sent);
      const intent = rig.world.log.written.findLastIndex(({ type }) => type === "act.intent");
      expect(passed).toEqual([`act ${intent}`, state]);
      expect(rig.records("act.intent").at(-1)).toMatchObject({ act: { traceparent: sent } });
    }
  });

  it("is told why when its grant ends, and closed on both sides", async () => {
    await start();
    const { got, gone } = open();
    await expect.poll(got).toContain("101 ");
    let apiGone = false;
    api?.socket.once("close", () => (apiGone = true));
    rig.world.end("gr_0000000000000001", { state: "expired", words: "grant expired after 5m" });
    await expect.poll(() => [gone(), apiGone]).toEqual([true, true]);
    expect(got()).toContain(encodeClose(POLICY_VIOLATION, "grant expired after 5m").toString("latin1"));
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ error: "grant_ended" });
  });

  it("is cut without words in the middle of a frame", async () => {
    await start();
    const { got, gone } = open();
    await expect.poll(got).toContain("101 ");
    api?.socket.write(text("hello").subarray(0, 4));
    await expect.poll(got).toContain("he");
    rig.world.end("gr_0000000000000001", { state: "expired", words: "over" });
    await expect.poll(gone).toBe(true);
    expect(got()).not.toContain("over");
  });

  it("ends when what comes is no frame", async () => {
    await start();
    const { socket, got, gone } = open();
    await expect.poll(got).toContain("101 ");
    socket.write(Buffer.from("GET /admin HTTP/1.1\r\n\r\n"));
    await expect.poll(gone).toBe(true);
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ error: "frames_malformed" });
  });

  it.each([
    [
      "a wrong accept",
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    ],
    ["another status", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["a redirect", "HTTP/1.1 302 Found\r\nLocation: https://evil/\r\nContent-Length: 0\r\n\r\n"],
  ])("is never taken for a tunnel when the API answers with %s", async (_, answer) => {
    await start(answer);
    const { got, gone } = open();
    await expect.poll(gone).toBe(true);
    expect(got()).toMatch(/^HTTP\/1\.1 502/);
  });

  it("is refused where its operation does not grant one", async () => {
    await start();
    const { got, gone } = open("/plain");
    await expect.poll(gone).toBe(true);
    expect(got()).toMatch(/^HTTP\/1\.1 403/);
    expect(api).toBeUndefined();
  });
});
