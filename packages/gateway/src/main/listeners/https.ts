import type { FastifyServerFactory } from "fastify";
import type { IncomingMessage } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { systemClock } from "../../kernel/clock.ts";
import {
  HEADERS_MS,
  MAX_STREAMS,
  PING_ANSWER_MS,
  PING_EVERY_MS,
  SILENCE_MS,
  STREAM_RESETS,
} from "../../gate/bounds.ts";
import { createHandshakeTurns } from "../../gate/limits/handshake-turns.ts";
import { joiningRequests } from "../../gate/web/pieces/joining-request.ts";
import { createSlowLane } from "../../gate/web/pieces/slow-lane.ts";
import { createSuspects, type Suspects } from "../../gate/web/pieces/suspects.ts";
import type { Router } from "../../gate/web/router.ts";
import { routeRequests } from "./request-routing.ts";
import { createRequestTaking } from "./request-taking.ts";
import type { ConnectionPlaces } from "./connection-places.ts";
import type { Certificates } from "../tls/certificates.ts";

/** The HTTPS server of the API and of the protocols over HTTP, in HTTP/1.1 and HTTP/2. */
export interface HttpsServer {
  /** Makes it for Fastify, which answers whatever the router does not take. */
  readonly factory: FastifyServerFactory;
  /** Shows another certificate from the next handshake on. */
  show(certificates: Certificates): void;
  /**
   * Sends clients elsewhere while everything is answered as before: HTTP/1.1 connections end with their next answer, HTTP/2
   * connections with what they have under way. Called again, it does so for connections that came since.
   */
  leave(): void;
  /** Closes the HTTP/1.1 connections on which nothing is under way. */
  closeIdle(): void;
  /** Lets HTTP/2 clients finish what they have under way, and takes nothing new of theirs. */
  close(): void;
}

/** How often heads that are late are looked for, milliseconds. */
const LOOK_EVERY_MS = 1000;

/**
 * @param certificates shown at first
 * @param places which of its clients find a place
 * @param handshakeTimeout how long a client's TLS handshake may take, milliseconds
 * @param router takes what belongs to a protocol
 */
export function httpsServer(
  certificates: Certificates,
  places: ConnectionPlaces,
  handshakeTimeout: number,
  router?: Router,
): HttpsServer {
  let server: Server | undefined;
  let isLeaving = false;
  const sessions = new Set<ServerHttp2Session>();
  return {
    factory(handler) {
      const takes = (request: { url?: string | undefined }): boolean =>
        router?.handles(request.url ?? "") === true;
      const suspects = createSuspects(systemClock);
      server = createServer({
        cert: certificates.certificate,
        key: certificates.key,
        minVersion: "TLSv1.2",
        handshakeTimeout,
        ALPNProtocols: ["h2", "http/1.1"],
        // Node's parser lets more through than RFC 9112 does only when told so: it is not.
        insecureHTTPParser: false,
        connectionsCheckingInterval: LOOK_EVERY_MS,
        // Node's own answers come before any bound: see `routeRequests`.
        requireHostHeader: false,
        // What nobody would upgrade is an ordinary request.
        shouldUpgradeCallback: takes,
        IncomingMessage: joiningRequests(createSlowLane(systemClock), suspects),
      });
      const http2 = createHttp2Server({
        settings: { maxConcurrentStreams: MAX_STREAMS, enableConnectProtocol: false },
        streamResetBurst: STREAM_RESETS.burst,
        streamResetRate: STREAM_RESETS.perSecond,
      });
      const take = createRequestTaking(systemClock);
      for (const each of [server, http2])
        routeRequests(each, { take, router, takes, handler, isLeaving: () => isLeaving });
      server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
        suspects.release(socket);
        socket.on("error", () => socket.destroy());
        // Its connection was ended for what came before it, in the same read.
        if (router === undefined || socket.destroyed) socket.destroy();
        else router.upgrade(request, socket, head);
      });
      http2.on("session", (session) => {
        sessions.add(session);
        session.once("close", () => sessions.delete(session));
      });
      chooseVersion(server, http2, suspects);
      admitFirst(server, places);
      return server;
    },
    show(next) {
      server?.setSecureContext({ cert: next.certificate, key: next.key, minVersion: "TLSv1.2" });
    },
    leave() {
      isLeaving = true;
      for (const session of sessions) session.close();
    },
    closeIdle() {
      server?.closeIdleConnections();
    },
    close() {
      for (const session of sessions) session.close();
    },
  };
}

/**
 * Ends a connection of HTTP/2 whose client is gone, or asks for nothing. A connection that was reset while answers waited
 * in it says nothing of that: only a ping that is not answered does. Its TLS socket has to be destroyed, since the
 * session's own `destroy` waits for what can never be written, and its place would be taken for good. `session.socket`
 * does not do: it stands before the socket, and its `destroy` is the session's.
 */
function followSession(session: ServerHttp2Session, socket: TLSSocket): void {
  const cut = (): void => {
    session.destroy();
    socket.destroy();
  };
  const late = setTimeout(cut, HEADERS_MS);
  late.unref();
  session.once("stream", () => clearTimeout(late));
  let next: NodeJS.Timeout;
  const plan = (step: () => void, ms: number): void => {
    clearTimeout(next);
    next = setTimeout(step, ms);
    next.unref();
  };
  const ask = (): void => {
    if (session.destroyed) {
      cut();
      return;
    }
    plan(cut, PING_ANSWER_MS);
    session.ping((error) => {
      if (error === null && !socket.destroyed) plan(ask, PING_EVERY_MS);
    });
  };
  plan(ask, PING_EVERY_MS);
  session.setTimeout(SILENCE_MS, () => session.close());
  session.once("close", () => socket.destroy());
  socket.once("close", () => {
    clearTimeout(next);
    clearTimeout(late);
  });
}

/** The client chose a version in its handshake (ALPN, RFC 7301). */
function chooseVersion(server: Server, http2: Http2Server, suspects: Suspects): void {
  const http1 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    // A client that was gone before its handshake was over. From here on the socket knows its client's address, for good.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    if (socket.alpnProtocol === "h2") openSession(http2, socket);
    else {
      suspects.admit(socket);
      for (const each of http1) each.call(server, socket);
    }
  });
}

/** Begins HTTP/2 on a socket, and follows what becomes of it. */
function openSession(http2: Http2Server, socket: TLSSocket): void {
  const follow = (session: ServerHttp2Session): void => followSession(session, socket);
  // Node makes the session, and tells of it, before `emit` returns.
  http2.once("session", follow);
  http2.emit("connection", socket);
  http2.off("session", follow);
}

/** A client takes its place before its handshake begins, and waits for its turn; one that finds none never gets as far as TLS. */
function admitFirst(server: Server, places: ConnectionPlaces): void {
  const turns = createHandshakeTurns();
  const handshakes = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (!places.admit(socket)) return;
    // Nobody listens to it before its turn: a reset must not end the process.
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    turns.enter(socket, () => {
      socket.off("error", onError);
      for (const handshake of handshakes) handshake.call(server, socket);
    });
  });
}
