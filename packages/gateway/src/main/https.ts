import type { FastifyServerFactory } from "fastify";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
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

/** What an HTTP/2 client may have open at a time on one connection. */
const streams = 100;
/** An HTTP/2 connection on which nothing moves is closed after this, milliseconds: as one of HTTP/1.1. */
const silence = 90_000;

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
        // What nobody would upgrade is an ordinary request.
        shouldUpgradeCallback: takes,
      });
      const http2 = createHttp2Server({
        settings: { maxConcurrentStreams: streams, enableConnectProtocol: false },
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
        session.setTimeout(silence, () => session.close());
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
    // Node's objects of HTTP/2 answer to the names of those of HTTP/1.1: its compatibility API.
    handler(request as IncomingMessage, response as ServerResponse);
  };
  server.on("request", (request: AnyRequest, response: AnyResponse) => route(request, response, false));
  server.on("checkContinue", (request: AnyRequest, response: AnyResponse) => route(request, response, true));
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
