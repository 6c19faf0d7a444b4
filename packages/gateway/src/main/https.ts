import type { FastifyServerFactory } from "fastify";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  HEADERS_MS,
  MAX_STREAMS,
  PING_ANSWER_MS,
  PING_EVERY_MS,
  SILENCE_MS,
  STREAM_RESETS,
} from "../gate/bounds.ts";
import type { Front } from "../gate/web/front.ts";
import type { Admission } from "./admission.ts";
import type { Certificates } from "./certificates.ts";

/** The HTTPS server of the API and of the protocols over HTTP, in HTTP/1.1 and HTTP/2. */
export interface HttpsServer {
  /** Makes it for Fastify, which answers whatever the front does not take. */
  readonly factory: FastifyServerFactory;
  /** Shows another certificate from the next handshake on. */
  show(certificates: Certificates): void;
  /** Lets HTTP/2 clients finish what they have under way, and takes nothing new of theirs. */
  close(): void;
}

/** How often heads that are late are looked for, milliseconds. */
const LOOK_EVERY_MS = 1000;

/**
 * @param certificates shown at first
 * @param admission which of its clients find a place
 * @param handshakeTimeout how long a client's TLS handshake may take, milliseconds
 * @param front takes what belongs to a protocol
 */
export function httpsServer(
  certificates: Certificates,
  admission: Admission,
  handshakeTimeout: number,
  front?: Front,
): HttpsServer {
  let server: Server | undefined;
  const sessions = new Set<ServerHttp2Session>();
  return {
    factory(handler) {
      const takes = (request: { url?: string | undefined }): boolean =>
        front?.takes(request.url ?? "") === true;
      server = createServer({
        cert: certificates.certificate,
        key: certificates.key,
        minVersion: "TLSv1.2",
        handshakeTimeout,
        ALPNProtocols: ["h2", "http/1.1"],
        // Node's parser lets more through than RFC 9112 does only when told so: it is not.
        insecureHTTPParser: false,
        connectionsCheckingInterval: LOOK_EVERY_MS,
        // What nobody would upgrade is an ordinary request.
        shouldUpgradeCallback: takes,
      });
      const http2 = createHttp2Server({
        settings: { maxConcurrentStreams: MAX_STREAMS, enableConnectProtocol: false },
        streamResetBurst: STREAM_RESETS.burst,
        streamResetRate: STREAM_RESETS.perSecond,
      });
      for (const each of [server, http2]) listen(each, front, takes, handler);
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        socket.on("error", () => socket.destroy());
        if (front === undefined) socket.destroy();
        else front.upgrade(request, socket, head);
      });
      http2.on("session", (session) => {
        sessions.add(session);
        session.once("close", () => sessions.delete(session));
        followSession(session);
      });
      chooseVersion(server, http2);
      admitFirst(server, admission);
      return server;
    },
    show(next) {
      server?.setSecureContext({ cert: next.certificate, key: next.key, minVersion: "TLSv1.2" });
    },
    close() {
      for (const session of sessions) session.close();
    },
  };
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** Hands each request to the front or to the API, and one that waits for 100 (Continue) too. */
function listen(
  server: Server | Http2Server,
  front: Front | undefined,
  takes: (request: AnyRequest) => boolean,
  handler: RequestListener,
): void {
  const route = (request: AnyRequest, response: AnyResponse, expects: boolean): void => {
    if (front !== undefined && takes(request)) {
      front.request(request, response, expects);
      return;
    }
    if (expects) response.writeContinue();
    // A stream that its client does not read, or whose body never ends, is not seen by the timers of HTTP/1.1.
    if ("stream" in response) {
      const { stream } = response;
      stream.setTimeout(SILENCE_MS, () => stream.close(constants.NGHTTP2_CANCEL));
    }
    // Node's objects of HTTP/2 answer to the names of those of HTTP/1.1: its compatibility API.
    handler(request as IncomingMessage, response as ServerResponse);
  };
  server.on("request", (request: AnyRequest, response: AnyResponse) => route(request, response, false));
  server.on("checkContinue", (request: AnyRequest, response: AnyResponse) => route(request, response, true));
}

/**
 * Ends a connection of HTTP/2 whose client is gone, or asks for nothing. A connection that was reset while answers waited
 * in it says nothing of that: only a ping that is not answered does. Its TLS socket has to be destroyed, since the
 * session's own `destroy` waits for what can never be written, and its place would be taken for good.
 */
function followSession(session: ServerHttp2Session): void {
  const { socket } = session;
  const cut = (): void => {
    session.destroy();
    socket.destroy();
  };
  let isAnswered = true;
  let asked = 0;
  const late = setTimeout(cut, HEADERS_MS);
  session.once("stream", () => {
    clearTimeout(late);
  });
  const pulse = setInterval(() => {
    if (!isAnswered) {
      if (performance.now() - asked > PING_ANSWER_MS - PING_EVERY_MS / 2) cut();
      return;
    }
    if (session.destroyed) return;
    isAnswered = false;
    asked = performance.now();
    const isAsked = session.ping((error) => {
      if (error === null) isAnswered = true;
    });
    if (!isAsked) isAnswered = true;
  }, PING_EVERY_MS);
  pulse.unref();
  late.unref();
  session.setTimeout(SILENCE_MS, () => session.close());
  socket.once("close", () => {
    clearInterval(pulse);
    clearTimeout(late);
  });
  session.once("close", () => {
    clearInterval(pulse);
    clearTimeout(late);
    socket.destroy();
  });
}

/** The client chose a version in its handshake (ALPN, RFC 7301). */
function chooseVersion(server: Server, http2: Http2Server): void {
  const http1 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") http2.emit("connection", socket);
    else for (const each of http1) each.call(server, socket);
  });
}

/** A client takes its place before its handshake begins; one that finds none never gets as far as TLS. */
function admitFirst(server: Server, admission: Admission): void {
  const handshakes = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (!admission.admit(socket)) return;
    for (const handshake of handshakes) handshake.call(server, socket);
  });
}
