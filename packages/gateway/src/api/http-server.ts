import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { fastify, LogController, type FastifyInstance } from "fastify";
import { HEADERS_MS, SILENCE_MS } from "../gate/bounds.ts";
import { isUnread, readRest } from "../gate/web/pieces/rest-of-body.ts";
import type { Clock } from "../kernel/clock.ts";
import { asProblem, problemBody, problemType } from "./contract/problems.ts";
import { sendProblem } from "./contract/replies.ts";
import type { ApiServices } from "./services.ts";

/** The largest body, bytes. */
const MAX_BODY_BYTES = 65_536;
/** How long a client may take to send a request, milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How long a connection without a request stays open, milliseconds. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** How long a client may take to read why its bytes were no request, milliseconds. */
const CLOSE_GRACE_MS = 1000;

/** Makes the HTTP server under the API, with every bound that Node and Fastify keep by themselves. */
export function createHttpServer(
  services: Pick<ApiServices, "clock" | "logger" | "serverFactory">,
): FastifyInstance {
  const app = fastify({
    loggerInstance: services.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionTimeout: SILENCE_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 100 },
    clientErrorHandler: (error, socket) => answerUnreadable(services.clock, error.code, socket),
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, asProblem(error, request.id));
    },
    ...(services.serverFactory === undefined ? {} : { serverFactory: services.serverFactory }),
  });
  app.addHook("onSend", async (request) => {
    if (isUnread(request.raw)) readRest(request.raw);
  });
  // Set here too: a server from a factory does not get them from Fastify.
  app.server.headersTimeout = HEADERS_MS;
  app.server.requestTimeout = REQUEST_TIMEOUT_MS;
  app.server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  app.server.maxRequestsPerSocket = 10_000;
  app.server.timeout = SILENCE_MS;
  return app;
}

/** Answers bytes that are no request, and closes. */
function answerUnreadable(clock: Clock, code: string, socket: Duplex): void {
  const status = unreadableStatus(code);
  // Before TLS is up nothing can be answered, and a write would wait for the handshake as long as the client likes.
  if (status === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemBody(asProblem({ statusCode: status, code: "" }, "")));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // Whoever does not read the answer, or does not close, is cut.
  clock.schedule(CLOSE_GRACE_MS, () => socket.destroy());
}

/** The status for bytes that are no request, by Node's code; undefined for the faults of a connection. */
function unreadableStatus(code: string): 400 | 408 | 431 | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return code.startsWith("HPE_") ? 400 : undefined;
}
