import { createHash } from "node:crypto";
import { createServer as createPlain, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Server as McpServer } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { makeCertificate } from "@mayfly/kubernetes-stand-in";

/** Milliseconds, comparable over processes. */
export const now = (): number => performance.timeOrigin + performance.now();

/** The one tool of the MCP server, which never answers. */
export const waitTool = {
  name: "wait",
  description: "Waits for ever",
  inputSchema: { type: "object" as const, properties: { id: { type: "integer" } }, required: ["id"] },
};

/** Systems whose work never ends by itself, and that say when it was cancelled. Each piece of work has a number. */
export interface Upstreams {
  readonly httpUrl: string;
  readonly mcpUrl: string;
  readonly cluster: { readonly url: string; readonly ca: string };
  /** When the work of that number began. */
  begun(work: number): Promise<void>;
  /** When it was cancelled. */
  cancelled(work: number): Promise<number>;
  /** Has it send what `spoken` gives; an MCP call is answered with it. */
  say(work: number): void;
  close(): void;
}

/** What the work of that number sends when it is told to. */
export const spoken = (work: number): string => `spoken by ${work};`;

/** A short frame of a WebSocket, from a server (RFC 6455, section 5.2). */
const frame = (opcode: 1 | 2, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);

/** Opens a WebSocket on a connection. */
function openWebSocket(request: IncomingMessage, socket: Duplex, subProtocol?: string): void {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const chosen = subProtocol === undefined ? "" : `sec-websocket-protocol: ${subProtocol}\r\n`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n${chosen}\r\n`,
  );
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Something that is waited for by number, in whichever order it comes. */
function byNumber<T>(): { at(work: number): Promise<T>; tell(work: number, value: T): void } {
  const all = new Map<number, PromiseWithResolvers<T>>();
  const of = (work: number): PromiseWithResolvers<T> => {
    const known = all.get(work) ?? Promise.withResolvers<T>();
    all.set(work, known);
    return known;
  };
  return { at: (work) => of(work).promise, tell: (work, value) => of(work).resolve(value) };
}

/** Starts them on 127.0.0.1. */
export async function startUpstreams(): Promise<Upstreams> {
  const begun = byNumber<void>();
  const cancelled = byNumber<number>();
  const speakers = new Map<number, (text: string) => void>();
  const streams = new Set<Duplex>();
  /** Follows work that is a connection of its own. */
  const follow = (work: number, socket: Duplex, speak: (text: string) => void): void => {
    streams.add(socket);
    socket.on("error", () => undefined);
    const over = (): void => cancelled.tell(work, now());
    socket.once("end", over);
    socket.once("close", over);
    socket.resume();
    speakers.set(work, speak);
    begun.tell(work);
  };

  const http = createPlain((request, response) => {
    const work = Number(request.url?.split("/").at(-1));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: first\n\n");
    response.once("close", () => cancelled.tell(work, now()));
    speakers.set(work, (text) => response.write(`data: ${text}\n\n`));
    begun.tell(work);
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    openWebSocket(request, socket);
    const work = Number(request.url?.split("/").at(-1));
    follow(work, socket, (text) => socket.write(frame(1, Buffer.from(text))));
  });

  const mcp = createPlain((request, response) => {
    const server = new McpServer({ name: "bench", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [waitTool] }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      const work = Number(params.arguments?.["id"]);
      response.once("close", () => cancelled.tell(work, now()));
      begun.tell(work);
      return new Promise((resolve) => {
        speakers.set(work, (text) => resolve({ content: [{ type: "text", text }] }));
      });
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
    void server
      .connect(transport as Transport)
      .then(() => transport.handleRequest(request, response))
      .catch(() => response.destroy());
  });

  const { certificate, key } = await makeCertificate();
  const cluster = createSecure({ cert: certificate, key }, (request, response) => {
    const url = new URL(request.url ?? "/", "https://cluster");
    if (url.pathname.endsWith("/log")) {
      const work = Number(url.searchParams.get("sinceSeconds"));
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("first line\n");
      response.once("close", () => cancelled.tell(work, now()));
      speakers.set(work, (text) => response.write(`${text}\n`));
      begun.tell(work);
      return;
    }
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        uid: "3c4c3e0e-0000-4000-8000-000000000001",
        name: "web-1",
        namespace: "shop",
        labels: { app: "shop" },
      },
      spec: { containers: [{ name: "app", image: "shop" }] },
      status: { phase: "Running" },
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(pod));
  });
  cluster.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    openWebSocket(request, socket, "v5.channel.k8s.io");
    const work = Number(new URL(request.url ?? "/", "https://cluster").searchParams.getAll("command")[1]);
    // Standard output is channel 1.
    follow(work, socket, (text) => socket.write(frame(2, Buffer.from(`\u0001${text}`))));
  });

  const ports = { http: await listen(http), mcp: await listen(mcp), cluster: await listen(cluster) };
  return {
    httpUrl: `http://127.0.0.1:${ports.http}`,
    mcpUrl: `http://127.0.0.1:${ports.mcp}/mcp`,
    cluster: { url: `https://127.0.0.1:${ports.cluster}`, ca: certificate },
    begun: (work) => begun.at(work),
    cancelled: (work) => cancelled.at(work),
    say: (work) => speakers.get(work)?.(spoken(work)),
    close() {
      for (const server of [http, mcp, cluster]) {
        server.close();
        server.closeAllConnections();
      }
      for (const socket of streams) socket.destroy();
    },
  };
}
