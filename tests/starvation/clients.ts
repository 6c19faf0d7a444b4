import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { type Agent, request } from "node:https";
import { connect as connectTcp, isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Ground } from "./stage.ts";

/** How an attack is run. */
export interface Fight {
  readonly ground: Ground;
  isOver(): boolean;
  /** When it is over, by the monotonic clock. */
  readonly until: number;
}

/** Counts what came of requests, by status or error. */
export function counter(): {
  readonly count: (what: string) => void;
  readonly all: Record<string, number>;
} {
  const all: Record<string, number> = {};
  return {
    all,
    count(what) {
      all[what] = (all[what] ?? 0) + 1;
    },
  };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Runs `step` on `lanes` lanes at a time, over and over, until the fight is over. Whatever fails is tried again. */
export async function onLanes(
  fight: Fight,
  lanes: number,
  step: (lane: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (!fight.isOver()) {
        await Promise.race([
          step(lane).catch(() => undefined),
          pause(Math.max(1, fight.until - performance.now() + 50)),
        ]);
        await pause(0);
      }
    }),
  );
}

/** One request over HTTP/1.1: its status, or its error's code. The answer is read and thrown away. */
export function ask(
  { ground }: Fight,
  agent: Agent,
  bearer: string,
  path: string,
  more: { readonly method?: string; readonly body?: Buffer; readonly headers?: Record<string, string> } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const { body, headers = {}, method = body === undefined ? "GET" : "POST" } = more;
    const outgoing = request(
      ground.url + path,
      {
        method,
        agent,
        ca: ca(ground),
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(body.length) }),
          ...headers,
        },
      },
      (incoming) => {
        incoming.resume();
        incoming.once("close", () => resolve(String(incoming.statusCode)));
      },
    );
    outgoing.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    outgoing.end(body);
  });
}

const files = new Map<string, Buffer>();
export function ca({ caFile }: Ground): Buffer {
  const known = files.get(caFile) ?? readFileSync(caFile);
  files.set(caFile, known);
  return known;
}

/** A TLS connection from one of this machine's addresses; undefined where none is taken. */
export function dial(
  ground: Ground,
  protocol: "h2" | "http/1.1",
  from = "127.0.0.1",
): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    const { port, hostname } = new URL(ground.url);
    const raw = connectTcp({ host: "127.0.0.1", port: Number(port), localAddress: from });
    raw.on("error", () => resolve(undefined));
    const socket = connect(
      {
        socket: raw,
        ca: ca(ground),
        // No address may stand in Server Name Indication (RFC 6066, section 3).
        ...(isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }),
        ALPNProtocols: [protocol],
      },
      () => resolve(socket),
    );
    socket.on("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
  });
}

/** An HTTP/2 client on a connection of its own; undefined where none is taken. */
export async function dialHttp2(
  ground: Ground,
  from?: string,
  settings: Parameters<typeof connectHttp2>[1] = {},
): Promise<ClientHttp2Session | undefined> {
  const socket = await dial(ground, "h2", from);
  if (socket === undefined) return undefined;
  const session = connectHttp2(ground.url, { ...settings, createConnection: () => socket });
  session.on("error", () => undefined);
  return session;
}

/** Opens a stream; what it says is thrown away. Gives its status, or how it ended. */
export function stream(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  keep = false,
): Promise<string> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) {
      resolve("closed");
      return;
    }
    const opened = session.request(headers, { endStream: headers[":method"] !== "POST" });
    opened.on("error", () => undefined);
    opened.once("response", (answer) => {
      const status = String(answer[":status"]);
      if (keep) resolve(status);
      else opened.once("close", () => resolve(status));
    });
    opened.once("close", () => resolve(opened.rstCode === constants.NGHTTP2_NO_ERROR ? "ended" : "reset"));
    opened.resume();
  });
}
