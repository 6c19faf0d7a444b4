import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import {
  MAX_PIPELINED,
  REQUESTS_PER_TURN,
  SLOW_LANE_MS,
  SMALL_FRAMES,
  SMALL_PIECES_PER_TURN,
} from "../../gate/bounds.ts";
import { joiningRequests } from "../../gate/web/pieces/joining-request.ts";
import { createSlowLane } from "../../gate/web/pieces/slow-lane.ts";
import { createRequestTaking } from "./request-taking.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** Listens, and connects a client that says what it is told. */
async function dial(server: Server | Http2Server): Promise<Socket> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  undo.push(
    () => server.close(),
    () => socket.destroy(),
  );
  return socket;
}

/** Reads a body to its end: the pieces that its reader saw. */
function piecesOf(body: Readable): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  return new Promise((resolve, reject) => {
    body.on("data", (piece: Buffer) => pieces.push(piece));
    body.once("end", () => resolve(pieces)).once("error", reject);
  });
}

const closed = (socket: Socket): Promise<"closed"> =>
  new Promise((resolve) => {
    socket.resume().once("close", () => resolve("closed"));
  });

/** Bytes that are all different from their neighbours. */
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at % 251));
const inChunks = (all: Buffer): Buffer =>
  Buffer.concat(
    Array.from(all, (byte) => Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")])),
  );

const HEAD = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";

it("brings a body in chunks of one byte to its reader in a few pieces, whole and in order", async () => {
  const clock = fakeClock();
  let seen: (pieces: Promise<Buffer[]>) => void = () => undefined;
  const asked = new Promise<Buffer[]>((resolve) => (seen = resolve));
  const server = createServer(
    { IncomingMessage: joiningRequests(createSlowLane(clock), { suspect: () => undefined }) },
    (request: IncomingMessage) => seen(piecesOf(request)),
  );
  const socket = await dial(server);
  const body = bytes(20_000);
  socket.write(HEAD);
  socket.write(inChunks(body));
  socket.write("0\r\n\r\n");
  // Beyond a turn's share its connection is read again when the clock says so, and not before.
  const ticking = setInterval(() => clock.advance(SLOW_LANE_MS), 1);
  const pieces = await asked.finally(() => clearInterval(ticking));
  expect(Buffer.concat(pieces)).toEqual(body);
  expect(pieces.length).toBeLessThan(body.length / 20);
});

it("reads nothing more of a body whose small pieces have used up a turn until its place in the slow lane comes", async () => {
  const clock = fakeClock();
  const lane = createSlowLane(clock);
  let entered = 0;
  let read = 0;
  const watched = {
    ...lane,
    enter: (...given: Parameters<typeof lane.enter>) => {
      entered += 1;
      return lane.enter(...given);
    },
  };
  const server = createServer(
    { IncomingMessage: joiningRequests(watched, { suspect: () => undefined }) },
    (incoming) => {
      incoming.on("data", (piece: Buffer) => (read += piece.length));
    },
  );
  const socket = await dial(server);
  const body = bytes(100 * SMALL_PIECES_PER_TURN);
  socket.write(HEAD);
  socket.write(inChunks(body));
  await expect.poll(() => entered).toBe(1);
  const before = read;
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect([entered, read]).toEqual([1, before]);
  expect(before).toBeLessThan(body.length);
  await expect
    .poll(() => {
      clock.advance(SLOW_LANE_MS);
      return read;
    })
    .toBe(body.length);
});

it("ends a connection on which more is pipelined than may wait, and one below it is answered in full", async () => {
  const begun: number[] = [];
  const take = createRequestTaking(fakeClock());
  const server = createServer();
  let asked = 0;
  server.on("request", (request, response) => {
    asked += 1;
    take(request, response, () => {
      begun.push(asked);
      response.end();
    });
  });
  const one = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  const most = REQUESTS_PER_TURN.connection + MAX_PIPELINED;
  const honest = await dial(server);
  let answers = "";
  honest.on("data", (chunk: Buffer) => (answers += chunk.toString()));
  honest.write(one.repeat(most));
  await expect.poll(() => answers.split("200 OK").length - 1).toBe(most);
  const greedy = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let few = "";
  greedy.on("data", (chunk: Buffer) => (few += chunk.toString()));
  greedy.on("error", () => undefined).write(one.repeat(10 * most));
  await closed(greedy);
  expect(few.split("200 OK").length - 1).toBeLessThan(most);
  // What came in the same read is not even parsed.
  expect(asked).toBeLessThanOrEqual(2 * most + 2);
});

/** Frames of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
/** A POST without any other header: four literals (RFC 7541, section 6.2.2). */
const post = Buffer.from(
  [":method", "POST", ":scheme", "http", ":path", "/", ":authority", "test"].reduce(
    (all, text, at) => `${all}${at % 2 === 0 ? "\0" : ""}${String.fromCharCode(text.length)}${text}`,
    "",
  ),
  "latin1",
);
const opening = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(4, 0, 0, Buffer.alloc(0)),
  frame(1, 4, 1, post),
]);
const inFrames = (all: Buffer): Buffer =>
  Buffer.concat(Array.from(all, (byte) => frame(0, 0, 1, Buffer.of(byte))));

async function http2(): Promise<{ readonly socket: Socket; readonly pieces: Promise<Buffer[]> }> {
  const take = createRequestTaking(fakeClock());
  const server = createHttp2Server();
  const pieces = new Promise<Buffer[]>((resolve, reject) => {
    server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) =>
      take(request, response, () => void piecesOf(request).then(resolve, reject)),
    );
  });
  pieces.catch(() => undefined);
  return { socket: await dial(server), pieces };
}

it("brings a body in DATA frames of one byte to its reader in a few pieces, whole and in order", async () => {
  const { socket, pieces } = await http2();
  const body = bytes(SMALL_FRAMES.burst);
  socket.write(Buffer.concat([opening, inFrames(body), frame(0, 1, 1, Buffer.alloc(0))]));
  const read = await pieces;
  expect(Buffer.concat(read)).toEqual(body);
  expect(read.length).toBeLessThan(body.length / 20);
});

it("ends a connection of HTTP/2 with more small frames than its address may send", async () => {
  const { socket } = await http2();
  // Some of the first go on as they come.
  socket.write(Buffer.concat([opening, inFrames(bytes(SMALL_FRAMES.burst + 20))]));
  expect(await closed(socket)).toBe("closed");
});
