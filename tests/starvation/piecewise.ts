import type { TLSSocket } from "node:tls";
import type { Attack } from "./attacks.ts";
import { counter, dial, dialHttp2, type Fight, onLanes, pause, stream } from "./clients.ts";

/** What comes in many small pieces, or asks for many small answers: it costs by the piece. */

const api = "/http/busy-api/v1";
const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"] as const;
const secretOf = ({ ground }: Fight, lane: number): string =>
  ground.http[lane % ground.http.length]?.secret ?? "";

/** Writes the same again and again until the fight is over or the connection is. */
async function pour(fight: Fight, socket: TLSSocket, burst: Buffer): Promise<void> {
  while (!fight.isOver() && socket.writable) {
    if (!socket.write(burst))
      await Promise.race([
        new Promise((resolve) => socket.once("drain", resolve).once("close", resolve)),
        pause(fight.until - performance.now()),
      ]);
    await pause(0);
  }
}

/** Counts the statuses on a connection of HTTP/1.1, as far as their first lines come whole. */
function countStatuses(socket: TLSSocket, count: (what: string) => void): void {
  socket.on("data", (chunk: Buffer) => {
    for (const [, status = ""] of chunk.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)) count(status);
  });
}

interface Chunked {
  readonly path: string;
  readonly type: string;
  readonly lanes: number;
  /** How many chunks of one byte are written at once. */
  readonly burst: number;
  readonly bearer: (fight: Fight, lane: number) => string;
}

/** Sends bodies in chunks of one byte (RFC 9112, section 7.1), on connections that are opened anew when they are cut. */
function inChunks({ path, type, lanes, burst, bearer }: Chunked): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const chunks = Buffer.from("1\r\n \r\n".repeat(burst));
      await onLanes(fight, lanes, async (lane) => {
        const socket = await dial(fight.ground, "http/1.1", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        countStatuses(socket, count);
        count("connected");
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: ${new URL(fight.ground.url).host}\r\nAuthorization: Bearer ${bearer(fight, lane)}\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        await pour(fight, socket, chunks);
        socket.destroy();
      });
      return all;
    },
  };
}

/** Frames of HTTP/2 (RFC 9113, section 4.1). */
export function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
export const preface: Buffer = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(4, 0, 0, Buffer.alloc(0)),
]);

/** Headers as literals without an index (RFC 7541, section 6.2.2), none of them longer than 16,000 bytes. */
function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => {
    const length =
      value.length < 127
        ? [value.length]
        : [127, ((value.length - 127) & 127) | 128, (value.length - 127) >> 7];
    return Buffer.concat([Buffer.from(length), Buffer.from(value)]);
  };
  return Buffer.concat(
    Object.entries(headers).map(([name, value]) =>
      Buffer.concat([Buffer.from([0]), text(name), text(value)]),
    ),
  );
}

/** DATA frames that stay below the window that a stream has at first, 65,535 bytes. */
const MAX_FRAMES = 60_000;

/** Sends bodies in DATA frames of one byte each. */
function inFrames(lanes: number): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const data = frame(0, 0, 1, Buffer.from(" "));
      const burst = Buffer.concat(Array.from({ length: 2000 }, () => data));
      await onLanes(fight, lanes, async (lane) => {
        const socket = await dial(fight.ground, "h2", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        count("connected");
        socket.resume();
        const headers = headerBlock({
          ":method": "POST",
          ":scheme": "https",
          ":authority": new URL(fight.ground.url).host,
          ":path": `${api}/plain`,
          "content-type": "application/json",
          authorization: `Bearer ${secretOf(fight, lane)}`,
        });
        socket.write(Buffer.concat([preface, frame(1, 4, 1, headers)]));
        for (let sent = 0; sent < MAX_FRAMES && !fight.isOver() && socket.writable; sent += 2000) {
          if (!socket.write(burst))
            await Promise.race([
              new Promise((resolve) => socket.once("drain", resolve).once("close", resolve)),
              pause(fight.until - performance.now()),
            ]);
          await pause(0);
        }
        count("bodies");
        await pause(20);
        socket.destroy();
      });
      return all;
    },
  };
}

/** Opens streams again as soon as they are answered, so many at a time on each connection. */
function manyStreams(connections: number, streams: number, path: string): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, connections, async (lane) => {
        const session = await dialHttp2(fight.ground, addresses[lane % addresses.length]);
        if (session === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        await Promise.all(
          Array.from({ length: streams }, async () => {
            while (!fight.isOver() && !session.closed && !session.destroyed)
              count(
                await stream(session, {
                  ":method": "GET",
                  ":path": path,
                  authorization: `Bearer ${secretOf(fight, lane)}`,
                }),
              );
          }),
        );
        session.destroy();
      });
      return all;
    },
  };
}

/** Sends requests one behind the other without reading an answer. */
function unread(lanes: number, path: string): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, lanes, async (lane) => {
        const socket = await dial(fight.ground, "http/1.1", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        count("connected");
        socket.pause();
        const one = `GET ${path} HTTP/1.1\r\nHost: ${new URL(fight.ground.url).host}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\n\r\n`;
        // Not for long: what is not read fills up, and the connection with it.
        const until = Math.min(fight.until, performance.now() + 300);
        const brief = { ...fight, until, isOver: () => performance.now() >= until };
        await pour(brief, socket, Buffer.from(one.repeat(100)));
        socket.destroy();
      });
      return all;
    },
  };
}

/** Sends whole requests one behind the other, and reads what is answered. */
function onePerAnother(lanes: number, burst: (fight: Fight, lane: number) => Buffer): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, lanes, async (lane) => {
        const socket = await dial(fight.ground, "http/1.1", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        countStatuses(socket, count);
        count("connected");
        await pour(fight, socket, burst(fight, lane));
        socket.destroy();
      });
      return all;
    },
  };
}

/** Opens connections that say nothing, and has all of them speak at once; again and again. */
function allAtOnce(connections: number, first: (fight: Fight, lane: number) => Buffer): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      while (!fight.isOver()) {
        const open = await Promise.all(
          Array.from({ length: connections }, (_, lane) =>
            dial(fight.ground, "http/1.1", addresses[lane % addresses.length]),
          ),
        );
        open.forEach((socket, lane) => {
          count(socket === undefined ? "turned away" : "connected");
          socket?.resume().write(first(fight, lane));
        });
        await pause(300);
        for (const socket of open) socket?.destroy();
      }
      return all;
    },
  };
}

/** So many chunks of one byte, whole. */
const manyChunks = `${"1\r\n \r\n".repeat(2000)}0\r\n\r\n`;
const hostOf = ({ ground }: Fight): string => new URL(ground.url).host;

const json = "application/json";
const token = ({ ground }: Fight, lane: number): string => ground.tokens[lane % ground.tokens.length] ?? "";

/** Attacks by their names. */
export const piecewise: Readonly<Record<string, Attack>> = {
  "a streamed body in chunks of one byte": inChunks({
    path: `${api}/octets`,
    type: "application/octet-stream",
    lanes: 1,
    burst: 10_000,
    bearer: secretOf,
  }),
  "streamed bodies in chunks of one byte": inChunks({
    path: `${api}/octets`,
    type: "application/octet-stream",
    lanes: 48,
    burst: 3000,
    bearer: secretOf,
  }),
  "JSON bodies in chunks of one byte": inChunks({
    path: `${api}/large`,
    type: json,
    lanes: 96,
    burst: 500,
    bearer: secretOf,
  }),
  "MCP messages in chunks of one byte": inChunks({
    path: "/mcp/busy-mcp",
    type: json,
    lanes: 48,
    burst: 500,
    bearer: ({ ground }, lane) => ground.mcp[lane % ground.mcp.length]?.secret ?? "",
  }),
  "API bodies in chunks of one byte": inChunks({
    path: "/v1/requests",
    type: json,
    lanes: 48,
    burst: 500,
    bearer: token,
  }),
  "bodies in DATA frames of one byte": inFrames(32),
  "whole bodies in chunks of one byte": onePerAnother(48, (fight, lane) =>
    Buffer.from(
      `POST ${api}/octets HTTP/1.1\r\nHost: ${hostOf(fight)}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n${manyChunks}`,
    ),
  ),
  "bodies in chunks of one byte that all begin at once": allAtOnce(256, (fight, lane) =>
    Buffer.from(
      `POST ${api}/octets HTTP/1.1\r\nHost: ${hostOf(fight)}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(20_000)}`,
    ),
  ),
  "pipelined requests that expect what there is not": onePerAnother(16, (fight) =>
    Buffer.from(`GET / HTTP/1.1\r\nHost: ${hostOf(fight)}\r\nExpect: x\r\n\r\n`.repeat(2000)),
  ),
  "pipelined requests without a host": onePerAnother(16, () =>
    Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(3000)),
  ),
  "answers in chunks of one byte": {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, 16, async (lane) => {
        const socket = await dial(fight.ground, "http/1.1", addresses[lane % addresses.length]);
        count(socket === undefined ? "turned away" : "connected");
        socket
          ?.resume()
          .write(
            `GET ${api}/drip HTTP/1.1\r\nHost: ${hostOf(fight)}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\n\r\n`,
          );
        await new Promise((resolve) => socket?.once("close", resolve));
      });
      return all;
    },
  },
  "HTTP/2 streams that are refused": manyStreams(32, 100, `${api}/hang`),
  "HTTP/2 streams without a grant": manyStreams(32, 100, "/http/busy-api"),
  "pipelined requests whose answers are not read": unread(16, `${api}/read`),
  "pipelined requests that are denied": unread(16, `${api}/no`),
};
