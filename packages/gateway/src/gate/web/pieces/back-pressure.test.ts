import { createServer as createHttp2Server, type Http2ServerRequest } from "node:http2";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Server, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { SMALL_PIECE_BYTES } from "../../bounds.ts";
import { joiningRequests } from "./joining-request.ts";
import { joinSmallPieces } from "./joining-stream.ts";
import { createSlowLane } from "./slow-lane.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

async function dial(server: Server): Promise<Socket> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  undo.push(
    () => server.close(),
    () => socket.destroy(),
  );
  return socket;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A piece that just counts as a small one. */
const PIECE = SMALL_PIECE_BYTES - 1;
/** Pieces that are sent at once: far fewer than a turn's. */
const STEP = 32;
/** What is held of a body that nobody reads, at most: what the stream takes, what is joined, and one read more. */
const MAX_HELD = 4 * 65_536;

/** Reads all of it. */
const lengthOf = async (body: Readable): Promise<number> => {
  let length = 0;
  for await (const piece of body) length += (piece as Buffer).length;
  return length;
};

it("is not read on over HTTP/1.1 while nobody reads a body of small pieces, and is whole then", async () => {
  let seen: (incoming: IncomingMessage) => void = () => undefined;
  const asked = new Promise<IncomingMessage>((resolve) => (seen = resolve));
  const server = createServer(
    { IncomingMessage: joiningRequests(createSlowLane(fakeClock()), { suspect: () => undefined }) },
    (incoming) => seen(incoming),
  );
  const client = await dial(server);
  client.write("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
  const incoming = await asked;
  const step = Buffer.from(`${PIECE.toString(16)}\r\n${"x".repeat(PIECE)}\r\n`.repeat(STEP));
  const before = incoming.socket.bytesRead;
  let sent = 0;
  while (!incoming.socket.isPaused() && sent < 10 * MAX_HELD) {
    client.write(step);
    sent += step.length;
    while (incoming.socket.bytesRead < before + sent && !incoming.socket.isPaused()) await nextTurn();
  }
  expect(incoming.readableLength).toBeLessThan(MAX_HELD);
  client.write("0\r\n\r\n");
  expect(await lengthOf(incoming)).toBe((sent / step.length) * STEP * PIECE);
});

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
const DATA = 0;
const PING = 6;
const WINDOW_UPDATE = 8;
const INITIAL_WINDOW = 65_535;

it("opens no window of HTTP/2 once nobody reads on a body of small pieces", async () => {
  const server = createHttp2Server();
  let incoming: Http2ServerRequest | undefined;
  server.on("request", (request: Http2ServerRequest) => {
    incoming = request;
    // Before its first piece is wanted, no window is opened anyway.
    request.stream.on("data", () => request.stream.pause());
    joinSmallPieces(
      request.stream,
      () => false,
      () => undefined,
    );
  });
  const client = await dial(server);
  const windows = [INITIAL_WINDOW, INITIAL_WINDOW];
  let pongs = 0;
  let kept = Buffer.alloc(0);
  client.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= 9 && kept.length >= 9 + kept.readUIntBE(0, 3)) {
      const id = kept.readUInt32BE(5);
      if (kept[3] === WINDOW_UPDATE) windows[id] = (windows[id] ?? 0) + kept.readUInt32BE(9);
      if (kept[3] === PING) pongs += 1;
      kept = kept.subarray(9 + kept.readUIntBE(0, 3));
    }
  });
  const post = Buffer.from(
    "\0\x07:method\x04POST\0\x07:scheme\x04http\0\x05:path\x01/\0\x0a:authority\x04test",
    "latin1",
  );
  client.write(
    Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      frame(4, 0, 0, Buffer.alloc(0)),
      frame(1, 4, 1, post),
    ]),
  );
  const piece = frame(DATA, 0, 1, Buffer.alloc(PIECE));
  let sent = 0;
  while (sent < 10 * MAX_HELD && Math.min(...windows) >= PIECE) {
    client.write(piece);
    windows.forEach((left, id) => (windows[id] = left - PIECE));
    sent += PIECE;
    // Whatever it opens for what was sent is here before the answer to a ping.
    if (Math.min(...windows) >= PIECE) continue;
    const before = pongs;
    client.write(frame(PING, 0, 0, Buffer.alloc(8)));
    await expect.poll(() => pongs).toBe(before + 1);
  }
  expect(sent).toBeLessThan(MAX_HELD);
  expect(incoming?.stream.readableLength).toBeGreaterThan(0);
});
