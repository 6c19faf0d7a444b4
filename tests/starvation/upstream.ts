// The systems behind the gateway of the starvation tests, as a process of their own: what they do costs the gateway's
// process nothing. Says its port when it listens.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** The tools of the MCP server; the stage pins them. */
export const tools = ["put", "big", "slow"].map((name) => ({
  name,
  description: `${name} something`,
  inputSchema: { type: "object" as const },
}));

/** A JSON text of about that many bytes, of as many values as fit. */
function dense(bytes: number): Buffer {
  return Buffer.from(
    `{"email":"a@example.com","rows":[${"[],".repeat(Math.max(0, Math.floor(bytes / 3)))}0]}`,
  );
}
const answers = new Map<number, Buffer>();
function answerOf(bytes: number): Buffer {
  const made = answers.get(bytes) ?? dense(bytes);
  answers.set(bytes, made);
  return made;
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => resolve(Buffer.concat(chunks).toString()));
  });
}

interface Call {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly bytes?: number } };
}

async function mcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") {
    response.writeHead(405).end();
    return;
  }
  const call = JSON.parse(await read(request)) as Call;
  if (call.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const say = (result: string): void => {
    response.setHeader("content-type", "application/json");
    response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":${result}}`);
  };
  if (call.method === "initialize")
    say(
      '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"busy","version":"1"}}',
    );
  else if (call.method === "tools/list") say(JSON.stringify({ tools }));
  else if (call.params?.name === "big")
    say(`{"content":[],"structuredContent":${String(answerOf(call.params.arguments?.bytes ?? 1000))}}`);
  else if (call.params?.name === "put") say('{"content":[]}');
  // "slow" never answers.
}

const chunks = Buffer.from("1\r\nx\r\n".repeat(100_000));

/** An answer in chunks of one byte, as fast as they are taken, without an end. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/octet-stream", "transfer-encoding": "chunked" });
  response.flushHeaders();
  const { socket } = response;
  const pour = (): void => {
    let hasRoom = socket?.writable === true;
    while (hasRoom) hasRoom = socket?.write(chunks) === true;
  };
  socket?.on("drain", pour);
  pour();
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://upstream");
  if (url.pathname === "/mcp") {
    void mcp(request, response);
    return;
  }
  if (url.pathname.startsWith("/v1/feed")) {
    response.setHeader("content-type", "text/event-stream");
    response.write("data: open\n\n");
    return;
  }
  if (url.pathname.startsWith("/v1/hang")) return;
  if (url.pathname.startsWith("/v1/drip")) {
    drip(response);
    return;
  }
  request.resume();
  request.once("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(answerOf(Number(url.searchParams.get("bytes") ?? 100)));
  });
});
server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("error", () => socket.destroy());
  socket.resume();
  socket.once("end", () => socket.end());
});
server.on("clientError", (_, socket) => socket.destroy());

if (process.send !== undefined) {
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.once("disconnect", () => process.exit(0));
}
