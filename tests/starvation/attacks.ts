import { randomBytes } from "node:crypto";
import type { ClientHttp2Session } from "node:http2";
import { Agent } from "node:https";
import type { TLSSocket } from "node:tls";
import { ask, counter, dial, dialHttp2, type Fight, onLanes, pause, stream } from "./clients.ts";
import { frame, piecewise, preface } from "./piecewise.ts";

/** One way to take from others what they need. */
export interface Attack {
  /** Does it until the fight is over; tells what came of it. */
  run(fight: Fight): Promise<Record<string, number>>;
}

const api = "/http/busy-api/v1";
const pool = (sockets = 64): Agent => new Agent({ keepAlive: true, maxSockets: sockets });
const secretOf = ({ ground }: Fight, lane: number): string =>
  ground.http[lane % ground.http.length]?.secret ?? "";

/** Posts bodies on lanes. */
function posting(path: string, lanes: number, body: (lane: number) => Buffer): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool();
      const bodies = Array.from({ length: lanes }, (_, lane) => body(lane));
      await onLanes(fight, lanes, async (lane) =>
        count(
          await ask(fight, agent, secretOf(fight, lane), path, { body: bodies[lane] ?? Buffer.alloc(0) }),
        ),
      );
      agent.destroy();
      return all;
    },
  };
}

/** Gets answers on lanes. */
function getting(path: string, lanes: number): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool();
      await onLanes(fight, lanes, async (lane) =>
        count(await ask(fight, agent, secretOf(fight, lane), path)),
      );
      agent.destroy();
      return all;
    },
  };
}

/** Calls a tool of the upstream MCP server on lanes. */
function calling(tool: string, lanes: number, given: unknown): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool();
      const message = {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: tool, arguments: given },
      };
      const body = Buffer.from(JSON.stringify(message));
      const headers = { accept: "application/json, text/event-stream" };
      const { mcp } = fight.ground;
      await onLanes(fight, lanes, async (lane) =>
        count(
          await ask(fight, agent, mcp[lane % mcp.length]?.secret ?? "", "/mcp/busy-mcp", { body, headers }),
        ),
      );
      agent.destroy();
      return all;
    },
  };
}

/** Objects that differ in their last member alone: each pair has to be compared to its end. */
function unlike(bytes: number): Buffer {
  const items: string[] = [];
  for (let length = 0, at = 0; length < bytes; at += 1) {
    const item = `{"a":[1,2,3],"b":${at}}`;
    items.push(item);
    length += item.length + 1;
  }
  return Buffer.from(`[${items.join(",")}]`);
}

/** Opens as many HTTP/2 connections as are taken, does `each` on them, and keeps them until the fight is over. */
function manyHttp2(
  lanes: number,
  addresses: readonly string[],
  each: (session: ClientHttp2Session, fight: Fight, lane: number) => Promise<void>,
  settings: Parameters<typeof dialHttp2>[2] = {},
): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const open: ClientHttp2Session[] = [];
      await Promise.all(
        Array.from({ length: lanes }, async (_, lane) => {
          await pause(lane);
          const session = await dialHttp2(fight.ground, addresses[lane % addresses.length], settings);
          count(session === undefined ? "turned away" : "connected");
          if (session === undefined) return;
          open.push(session);
          await Promise.race([
            each(session, fight, lane).catch(() => undefined),
            pause(fight.until - performance.now()),
          ]);
        }),
      );
      await pause(Math.max(0, fight.until - performance.now()));
      for (const session of open) session.destroy();
      return all;
    },
  };
}

const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"] as const;
const get = (bearer: string, path: string): Record<string, string> => ({
  ":method": "GET",
  ":path": path,
  authorization: `Bearer ${bearer}`,
});

/** Writes the same frames over and over on a few connections; one that is cut is opened anew. */
function flooding(burst: Buffer, first: Buffer = Buffer.alloc(0)): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, 8, async (lane) => {
        const socket = await dial(fight.ground, "h2", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        count("connected");
        socket.resume();
        socket.write(Buffer.concat([preface, first]));
        while (!fight.isOver() && socket.writable) {
          if (!socket.write(burst))
            await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), pause(100)]);
          await pause(0);
        }
        socket.destroy();
      });
      return all;
    },
  };
}

/** Connections that send the beginning of something and then a byte now and then. */
function slowly(lanes: number, protocol: "h2" | "http/1.1", beginning: (fight: Fight) => Buffer): Attack {
  return {
    async run(fight) {
      const { count, all } = counter();
      const open: TLSSocket[] = [];
      await Promise.all(
        Array.from({ length: lanes }, async (_, lane) => {
          await pause(lane);
          const socket = await dial(fight.ground, protocol, addresses[lane % addresses.length]);
          count(socket === undefined ? "turned away" : "connected");
          if (socket === undefined) return;
          socket.resume();
          socket.write(beginning(fight));
          open.push(socket);
        }),
      );
      while (!fight.isOver()) {
        await pause(500);
        for (const socket of open) if (socket.writable) socket.write("x");
      }
      for (const socket of open) socket.destroy();
      return all;
    },
  };
}

/** How the attacker is told that it has met its bound (docs/security.md). The other attacks are held up or cut, and told nothing. */
export const refusals: Readonly<Record<string, string>> = {
  "small bodies against branches of a schema": "403",
  "bodies of 16 MB to be judged whole": "429",
  "event streams": "429",
  "HTTP/2 connections of many grants": "turned away",
  "unfinished bodies of 16 MiB": "429",
  "slow calls through Mayfly's own tools": "429",
  "made-up grant secrets": "429",
  "denied acts with paths of 8 kB": "403",
};

/** Every attack, by its name. */
export const attacks: Readonly<Record<string, Attack>> = {
  nothing: {
    async run(fight) {
      await pause(fight.until - performance.now());
      return {};
    },
  },
  "one small request after another": getting(`${api}/read`, 8),
  "bodies of 65 kB against uniqueItems": posting(`${api}/unique`, 16, () => unlike(64_000)),
  "bodies of 1 MB against uniqueItems": posting(`${api}/unique`, 8, () => unlike(1_000_000)),
  "small bodies against branches of a schema": posting(`${api}/branches`, 16, () =>
    Buffer.from(`${'{"b":0,"c":0,"a":'.repeat(60)}"no"${"}".repeat(60)}`),
  ),
  "bodies of 16 MB to be judged whole": posting(`${api}/large`, 8, () =>
    Buffer.from(`[${"[],".repeat(5_000_000)}0]`),
  ),
  "calls of 200 KB against uniqueItems": calling("put", 16, {
    list: JSON.parse(String(unlike(200_000))) as unknown,
  }),
  "masked answers of 10 MB": getting(`${api}/masked?bytes=10000000`, 12),
  "MCP answers of 150 MB": calling("big", 8, { bytes: 150_000_000 }),
  "MCP answers of 4 MB": calling("big", 16, { bytes: 4_000_000 }),
  "event streams": {
    async run(fight) {
      const { count, all } = counter();
      const sessions = await Promise.all(fight.ground.http.map(() => dialHttp2(fight.ground)));
      await Promise.all(
        Array.from({ length: 400 }, async (_, at) => {
          const session = sessions[at % sessions.length];
          if (session !== undefined)
            count(
              await Promise.race([
                stream(session, get(secretOf(fight, at), `${api}/feed`), true),
                pause(2000).then(() => "no answer"),
              ]),
            );
        }),
      );
      await pause(Math.max(0, fight.until - performance.now()));
      for (const session of sessions) session?.destroy();
      return all;
    },
  },
  "requests that the upstream never answers": getting(`${api}/hang`, 400),
  "HTTP/2 connections of many grants": manyHttp2(1500, ["127.0.0.2"], async (session, fight, lane) => {
    await stream(session, get(secretOf(fight, lane), `${api}/read`));
  }),
  "unfinished bodies of 16 MiB": {
    async run(fight) {
      const { count, all } = counter();
      const body = Buffer.alloc(16_777_215, 0x20);
      const open: TLSSocket[] = [];
      await Promise.all(
        Array.from({ length: 17 }, async (_, lane) => {
          const socket = await dial(fight.ground, "http/1.1");
          if (socket === undefined) return;
          open.push(socket);
          socket.once("data", (chunk: Buffer) => count(chunk.toString("latin1", 9, 12)));
          socket.write(
            `POST ${api}/large HTTP/1.1\r\nHost: ${new URL(fight.ground.url).host}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\nContent-Type: application/json\r\nContent-Length: 16777216\r\n\r\n`,
          );
          socket.write(body);
        }),
      );
      await pause(Math.max(0, fight.until - performance.now()));
      for (const socket of open) socket.destroy();
      return all;
    },
  },
  "slow calls through Mayfly's own tools": {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool(128);
      const message = {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "http_request", arguments: { connection: "busy-api", path: "/v1/hang" } },
      };
      const body = Buffer.from(JSON.stringify(message));
      const headers = { accept: "application/json, text/event-stream" };
      const { tokens } = fight.ground;
      await onLanes(fight, 96, async (lane) =>
        count(await ask(fight, agent, tokens[lane % tokens.length] ?? "", "/mcp", { body, headers })),
      );
      agent.destroy();
      return all;
    },
  },
  "HTTP/2 connections reset while they are answered": {
    async run(fight) {
      const { count, all } = counter();
      await onLanes(fight, 32, async (lane) => {
        const socket = await dial(fight.ground, "h2", addresses[lane % addresses.length]);
        if (socket === undefined) {
          count("turned away");
          await pause(20);
          return;
        }
        const session = (await import("node:http2")).connect(fight.ground.url, {
          createConnection: () => socket,
        });
        session.on("error", () => undefined);
        for (let at = 0; at < 20; at += 1) {
          const opened = session.request({ ":method": "GET", ":path": "/healthz" });
          opened.on("error", () => undefined);
        }
        await pause(Math.random() * 8);
        count("reset");
        // The TCP connection itself: a reset, in the middle of whatever is being said.
        (socket as unknown as { _parent?: { resetAndDestroy(): void } })._parent?.resetAndDestroy();
        socket.destroy();
        session.destroy();
      });
      return all;
    },
  },
  "HTTP/2 streams reset at once": manyHttp2(16, addresses, async (session, fight) => {
    while (!fight.isOver() && !session.destroyed) {
      for (let at = 0; at < 50 && !session.destroyed && !session.closed; at += 1) {
        const opened = session.request(get(secretOf(fight, at), `${api}/read`));
        opened.on("error", () => undefined);
        opened.close(8);
      }
      await pause(1);
    }
  }),
  "HTTP/2 streams with windows of zero": manyHttp2(
    32,
    addresses,
    async (session, fight, lane) => {
      await Promise.all(
        Array.from({ length: 60 }, () =>
          stream(session, get(secretOf(fight, lane), `${api}/read?bytes=1000000`)),
        ),
      );
    },
    { settings: { initialWindowSize: 0 } },
  ),
  "floods of SETTINGS": flooding(
    Buffer.concat(Array.from({ length: 500 }, () => frame(4, 0, 0, Buffer.alloc(0)))),
  ),
  "floods of PING": flooding(
    Buffer.concat(Array.from({ length: 500 }, () => frame(6, 0, 0, Buffer.alloc(8)))),
  ),
  "floods of CONTINUATION": flooding(
    Buffer.concat(Array.from({ length: 200 }, () => frame(9, 0, 1, Buffer.alloc(16)))),
    frame(1, 1, 1, Buffer.from([0x82])),
  ),
  "made-up grant secrets": {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool();
      const digits = "0123456789abcdefghjkmnpqrstvwxyz";
      const text = (length: number): string =>
        Array.from(randomBytes(length), (byte) => digits[byte % 32]).join("");
      await onLanes(fight, 64, async () =>
        count(await ask(fight, agent, `gr_${text(16)}.${text(32)}`, `${api}/read`)),
      );
      agent.destroy();
      return all;
    },
  },
  "denied acts with paths of 8 kB": {
    async run(fight) {
      const { count, all } = counter();
      const agent = pool();
      const path = `${api}/no/${"a".repeat(8000)}`;
      await onLanes(fight, 32, async (lane) => count(await ask(fight, agent, secretOf(fight, lane), path)));
      agent.destroy();
      return all;
    },
  },
  "WebSocket frames of 6 bytes": {
    async run(fight) {
      const { count, all } = counter();
      const frames = Buffer.alloc(6 * 10_000);
      for (let at = 0; at < frames.length; at += 6) frames.set([0x82, 0x80, 1, 2, 3, 4], at);
      await onLanes(fight, 8, async (lane) => {
        const socket = await dial(fight.ground, "http/1.1");
        if (socket === undefined) return;
        socket.write(
          `GET ${api}/socket HTTP/1.1\r\nHost: ${new URL(fight.ground.url).host}\r\nAuthorization: Bearer ${secretOf(fight, lane)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
        );
        await new Promise((resolve) => {
          socket.once("data", (chunk: Buffer) => resolve(count(chunk.toString("latin1", 9, 12))));
          socket.once("close", resolve);
        });
        socket.resume();
        while (!fight.isOver() && socket.writable) {
          count("bursts");
          if (!socket.write(frames))
            await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), pause(100)]);
        }
        socket.destroy();
      });
      return all;
    },
  },
  "slow headers": slowly(800, "http/1.1", ({ ground }) =>
    Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${new URL(ground.url).host}\r\nX-Slow: `),
  ),
  "slow bodies": slowly(100, "http/1.1", (fight) =>
    Buffer.from(
      `POST ${api}/large HTTP/1.1\r\nHost: ${new URL(fight.ground.url).host}\r\nAuthorization: Bearer ${secretOf(fight, 0)}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[`,
    ),
  ),
  ...piecewise,
};

const harmless: ReadonlySet<string> = new Set(["nothing", "one small request after another"]);
/** The names of those that take something from others. */
export const malicious: readonly string[] = Object.keys(attacks).filter((name) => !harmless.has(name));
