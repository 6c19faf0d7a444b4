import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { mayScrape } from "../../api/admission/scrape.ts";
import { isLoopback } from "../../configuration/telemetry.ts";
import type { ListenAddress } from "../../configuration/types.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import { listenError } from "./listener.ts";

/** What the port for metrics serves. */
export interface MetricsPortParts {
  readonly address: ListenAddress;
  /** Whether other workers of this gateway listen there too. */
  readonly reusePort: boolean;
  /** The certificate to show now; asked at every handshake. */
  readonly secureContext: () => SecureContext;
  /** The operator's token now. */
  readonly token: () => Secret | undefined;
  readonly text: () => Promise<string>;
  readonly fault: (error: unknown) => void;
}

export interface MetricsPort {
  /** The port that was really taken. */
  readonly port: number;
  close(): void;
}

/** Scrapers and whoever else comes: few of them. */
const MAX_CONNECTIONS = 32;
const MAX_HEAD_BYTES = 8192;
/** From a connection to a request that may be answered, its handshake included, milliseconds. */
const HEAD_MS = 5000;
/** How long nothing may move on a scraper's connection, between scrapes too, milliseconds. */
const SILENCE_MS = 90_000;

/** Whoever shows no token keeps no connection: a scraper's would be among those that are too many. */
type Admit = (socket: Socket) => void;

/**
 * Listens for Prometheus alone: plaintext on the loopback address, TLS with the gateway's own certificate on any other.
 * @throws MayflyError when the port cannot be had
 */
export async function listenForScrapes(parts: MetricsPortParts): Promise<MetricsPort> {
  const { address } = parts;
  /** Takes the deadline from a connection. */
  const deadlines = new WeakMap<Socket, NodeJS.Timeout>();
  const admit: Admit = (socket) => clearTimeout(deadlines.get(socket));
  const http = createHttpServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: HEAD_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: SILENCE_MS,
      noDelay: true,
    },
    (request, response) => void answer(parts, request, response, admit),
  );
  http.setTimeout(SILENCE_MS);
  const sockets = new Set<Socket>();
  const isPlain = isLoopback(address.host);
  const server = createServer((socket) => {
    sockets.add(socket);
    const deadline = setTimeout(() => socket.destroy(), HEAD_MS);
    const closed = (): void => {
      clearTimeout(deadline);
      sockets.delete(socket);
    };
    socket.once("close", closed).on("error", () => socket.destroy());
    const ready = (spoken: Socket): void => {
      deadlines.set(spoken, deadline);
      http.emit("connection", spoken);
    };
    if (isPlain) ready(socket);
    else shakeHands(socket, parts.secureContext(), ready);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address, "metrics")));
    server.listen({ host: address.host, port: address.port, reusePort: parts.reusePort }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      http.close();
    },
  };
}

/** TLS on an accepted socket. */
function shakeHands(socket: Socket, secureContext: SecureContext, ready: (tls: TLSSocket) => void): void {
  const tls = new TLSSocket(socket, { isServer: true, secureContext });
  tls.on("error", () => socket.destroy()).once("secure", () => ready(tls));
}

async function answer(
  { token, text, fault }: MetricsPortParts,
  request: IncomingMessage,
  response: ServerResponse,
  admit: Admit,
): Promise<void> {
  const say = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  const keepsAlive = response.shouldKeepAlive;
  response.shouldKeepAlive = false;
  if (request.url?.split("?", 1)[0] !== "/metrics") say(404, "only /metrics is here\n");
  else if (request.method !== "GET" && request.method !== "HEAD")
    say(405, "only GET\n", { allow: "GET, HEAD" });
  else if (!mayScrape(request.socket.remoteAddress ?? "", request.headers, token()))
    say(401, "this takes the token of telemetry.metrics\n", { "www-authenticate": "Bearer" });
  else {
    admit(request.socket);
    // Nothing here takes a body: one that comes all the same is not waited for.
    const hasBody =
      request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
    response.shouldKeepAlive = keepsAlive && !hasBody;
    try {
      say(200, await text(), { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    } catch (error) {
      fault(messageOf(error));
      say(500, "the metrics could not be read\n");
    }
  }
}
