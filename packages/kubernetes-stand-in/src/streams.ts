import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Containers, Running } from "./containers.ts";
import { type ServerStream, serveSpdy } from "./spdy-server.ts";

/** What an exec was asked for. */
export interface ExecRequest {
  readonly id: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly terminal: boolean;
}

const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) =>
    ["v5.channel.k8s.io", "v4.channel.k8s.io"].find((each) => offered.has(each)) ?? false,
});

const tunnels = new WebSocketServer({ noServer: true });
// The protocol's name has a slash, which ws takes for a mistake: it is agreed on without it.
const TUNNEL = "SPDY/3.1+portforward.k8s.io";
tunnels.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${TUNNEL}`));

function statusOf(code: number | null): Buffer {
  const failed = {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit code ${code ?? 137}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code ?? 137) }] },
  };
  return Buffer.from(JSON.stringify(code === 0 ? { metadata: {}, status: "Success" } : failed));
}

function resize(running: Running, text: string): void {
  const { Width, Height } = JSON.parse(text) as { Width: number; Height: number };
  if (Width > 0 && Height > 0) running.resize(Width, Height);
}

/** Runs a command over a WebSocket (v5 or v4). */
function execOverWebSocket(socket: WebSocket, ask: ExecRequest, containers: Containers): void {
  const running = containers.exec(ask.id, ask.argv, ask.terminal);
  const { child } = running;
  const send = (channel: number, data: Buffer): void => {
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([channel]), data]));
  };
  const relay = (source: typeof child.stdout, channel: number): void => {
    source?.on("data", (data: Buffer) => {
      send(channel, data);
      if (socket.bufferedAmount <= 1_048_576) return;
      source.pause();
      const timer = setInterval(() => {
        if (socket.bufferedAmount > 524_288 && socket.readyState === socket.OPEN) return;
        clearInterval(timer);
        source.resume();
      }, 2);
    });
  };
  send(1, Buffer.alloc(0));
  relay(child.stdout, 1);
  relay(child.stderr, 2);
  if (!ask.stdin) child.stdin?.end();
  socket.on("message", (message: Buffer) => {
    const data = message.subarray(1);
    if (message[0] === 0) child.stdin?.write(data);
    else if (message[0] === 4) resize(running, data.toString("utf8"));
    else if (message[0] === 255 && data[0] === 0) child.stdin?.end();
  });
  socket.on("close", () => running.kill());
  socket.on("error", () => running.kill());
  child.on("close", (code) => {
    send(3, statusOf(code));
    socket.close(1000);
  });
}

/** Runs a command over SPDY, once every stream that it needs is there. */
function execOverSpdy(
  socket: Duplex,
  ask: ExecRequest,
  containers: Containers,
): (stream: ServerStream) => void {
  const streams = new Map<string, ServerStream>();
  const wanted = [
    "error",
    ...(ask.stdin ? ["stdin"] : []),
    ...(ask.stdout ? ["stdout"] : []),
    ...(ask.stderr && !ask.terminal ? ["stderr"] : []),
    ...(ask.terminal ? ["resize"] : []),
  ];
  return (stream) => {
    streams.set(stream.headers.get("streamtype") ?? "", stream);
    if (!wanted.every((name) => streams.has(name)) || streams.size > wanted.length) return;
    const running = containers.exec(ask.id, ask.argv, ask.terminal);
    const { child } = running;
    child.stdout?.on("data", (data: Buffer) => streams.get("stdout")?.write(data));
    child.stderr?.on("data", (data: Buffer) => streams.get("stderr")?.write(data));
    const stdin = streams.get("stdin");
    if (stdin === undefined) child.stdin?.end();
    else stdin.onData = (data) => (data === undefined ? child.stdin?.end() : child.stdin?.write(data));
    const sizes = streams.get("resize");
    if (sizes !== undefined) sizes.onData = (data) => data && resize(running, data.toString("utf8"));
    socket.on("close", () => running.kill());
    child.on("close", (code) => {
      streams.get("stdout")?.end();
      streams.get("stderr")?.end();
      streams.get("error")?.end(statusOf(code));
      setTimeout(() => socket.end(), 50);
    });
  };
}

/** Connects each pair of streams to its port on this host, whose network the pods share. */
function forward(): (stream: ServerStream) => void {
  const errors = new Map<string, ServerStream>();
  return (stream) => {
    const request = stream.headers.get("requestid") ?? "";
    if (stream.headers.get("streamtype") === "error") {
      errors.set(request, stream);
      return;
    }
    const upstream = connect(Number(stream.headers.get("port")), "127.0.0.1");
    upstream.on("data", (data: Buffer) => stream.write(data));
    stream.onData = (data) => (data === undefined ? upstream.end() : upstream.write(data));
    upstream.on("error", (error) => errors.get(request)?.write(Buffer.from(error.message)));
    upstream.on("close", () => {
      stream.end();
      errors.get(request)?.end();
    });
  };
}

/** Changes the connection as the client asks, and serves a command or forwarded ports on it. */
export function serveStream(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  ask: ExecRequest | "portforward",
  containers: Containers,
): void {
  socket.on("error", () => undefined);
  if (request.headers.upgrade?.toLowerCase() === "websocket") {
    if (ask !== "portforward") {
      sockets.handleUpgrade(request, socket, head, (opened) => execOverWebSocket(opened, ask, containers));
      return;
    }
    delete request.headers["sec-websocket-protocol"];
    tunnels.handleUpgrade(request, socket, head, (opened) => {
      const spdy = serveSpdy((bytes) => opened.send(bytes), forward());
      opened.on("message", (data: Buffer) => void spdy.feed(data).catch(() => opened.terminate()));
      opened.on("error", () => opened.terminate());
    });
    return;
  }
  const protocol = ask === "portforward" ? "portforward.k8s.io" : "v4.channel.k8s.io";
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const spdy = serveSpdy(
    (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    ask === "portforward" ? forward() : execOverSpdy(socket, ask, containers),
  );
  const feed = (chunk: Buffer): void => {
    spdy.feed(chunk).catch(() => socket.destroy());
  };
  socket.on("data", feed);
  if (head.length > 0) feed(head);
  socket.on("end", () => socket.end());
}
