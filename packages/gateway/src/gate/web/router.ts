import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import { SLOW_READER_MS } from "../bounds.ts";
import type { Gate } from "../gate.ts";
import { type LocalReply, challenge, problem } from "./problem.ts";
import { letBodyEnd } from "./pieces/rest-of-body.ts";
import { readCredential } from "./credential.ts";
import type { WebRequest, WebHandler } from "./handler.ts";
import { checkHead, readKnownHeaders } from "./request-head.ts";
import { type SharedUse, Busy, createSharedResources, type SharedResources } from "./sessions/sharing.ts";

/** One protocol's handler with its gate. */
export interface Route {
  readonly kind: string;
  readonly handler: WebHandler<never, unknown>;
  readonly gate: Gate<never, unknown>;
}

/** Routes requests from the HTTPS port to the protocols over HTTP. */
export interface Router {
  /** Whether a target belongs to a protocol: `/KIND/CONNECTION` and whatever follows. */
  handles(target: string): boolean;
  /** Answers a request that it takes. @param expects whether the client waits for 100 (Continue) */
  request(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    expects: boolean,
  ): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const connectionForm = /^[a-z][a-z0-9-]{0,62}$/;
const grantForm = /^gr_[0-9a-z]{16}$/;

/**
 * Makes the router. Whatever is ambiguous in a request's head is refused before any protocol sees it, and a fault in
 * one protocol's handler ends that request and no other.
 * @param url the gateway's own, without a slash at its end
 * @param fault told of what a handler threw
 * @param sharing what all requests share
 */
export function createRouter(
  routes: readonly Route[],
  url: string,
  fault: (error: unknown) => void,
  sharing: SharedResources = createSharedResources(),
): Router {
  const { host } = new URL(url);
  const byKind = new Map(routes.map((route) => [route.kind, route]));

  /** The route of a target, and what follows its connection's name. */
  const find = (target: string): { route: Route; connection: string; rest: string } | undefined => {
    const match = /^\/([a-z]+)\/([^/?#]*)(.*)$/s.exec(target);
    const route = byKind.get(match?.[1] ?? "");
    return match === null || route === undefined
      ? undefined
      : { route, connection: match[2] ?? "", rest: match[3] ?? "" };
  };

  /** The handler's request, or the answer that is sent instead. */
  const admit = (
    request: IncomingMessage | Http2ServerRequest,
    over: EventEmitter,
  ): { readonly route: Route; readonly ask: WebRequest } | LocalReply => {
    const target = request.url ?? "";
    const { rawHeaders, httpVersion, httpVersionMajor, method = "" } = request;
    const known = readKnownHeaders(rawHeaders, httpVersionMajor === 2);
    const wrong = checkHead({ httpVersion, httpVersionMajor, method, target, rawHeaders }, host, known);
    if (wrong !== undefined) {
      const headers = { connection: "close" };
      return problem({
        status: wrong.status,
        code: wrong.code,
        detail: wrong.message,
        ...(httpVersionMajor === 2 ? {} : { headers }),
      });
    }
    const found = find(target);
    if (found === undefined || !connectionForm.test(found.connection))
      return problem({
        status: 404,
        code: "no_connection",
        detail: "the path names no connection",
        hint: `write /KIND/CONNECTION/…, for example ${url}/http/billing-api/v1/invoices/7`,
      });
    const credential = readCredential({ method, target, rawHeaders }, known);
    if (typeof credential === "string")
      return problem({
        status: credential === "twice" ? 400 : 401,
        code: credential === "twice" ? "bearer_ambiguous" : "bearer_missing",
        detail:
          credential === "twice"
            ? "the request has two Authorization headers"
            : "the request carries no bearer",
        hint: "send 'Authorization: Bearer …' with the grant's secret as Mayfly gave it, or your access token",
        ...(credential === "twice" ? {} : { headers: { "www-authenticate": challenge(url) } }),
      });
    const [grant] = known.grant;
    if (known.grant.length > 1 || (grant !== undefined && !grantForm.test(grant)))
      return problem({ status: 400, code: "grant_malformed", detail: "mayfly-grant must name one grant" });
    const { remoteAddress = "" } = request.socket;
    const [software] = known.userAgent;
    let account: SharedUse;
    try {
      account = sharing.open(remoteAddress, over);
    } catch (error) {
      if (error instanceof Busy) return busy(error);
      throw error;
    }
    return {
      route: found.route,
      ask: {
        connection: found.connection,
        target: found.rest,
        method,
        rawHeaders:
          httpVersionMajor === 2
            ? rawHeaders.filter((_, at) => !(rawHeaders[at - (at % 2)] ?? "").startsWith(":"))
            : rawHeaders,
        known,
        bearer: credential.token,
        shown: credential.shown,
        ...(grant === undefined ? {} : { grant }),
        client: {
          protocol: found.route.kind,
          address: remoteAddress,
          tls: "encrypted" in request.socket,
          ...(software === undefined ? {} : { software: software.slice(0, 200) }),
        },
        account,
      },
    };
  };

  return {
    handles(target) {
      // The same as `find`, for every request of the API too: without taking the target apart.
      const end = target.indexOf("/", 1);
      return end !== -1 && target.startsWith("/") && byKind.has(target.slice(1, end));
    },
    request(request, response, expects) {
      const admitted = admit(request, response);
      if ("status" in admitted) {
        send(response, admitted);
        return;
      }
      const { route, ask } = admitted;
      const failedNow = (error: unknown): void => {
        if (!(error instanceof Busy)) fault(error);
        if (response.headersSent) breakOff(response);
        else send(response, error instanceof Busy ? busy(error) : failed);
      };
      // Of HTTP/2 the session is the connection; a stream is one request.
      const connectionOf = "stream" in request ? (request.stream.session ?? request.stream) : request.socket;
      const enter = (): void => {
        route.handler
          .request({ ...ask, request, response, connectionOf, expectsContinue: expects }, route.gate)
          .catch(failedNow)
          // An answer to a client that has gone may fail too: it ends nothing else.
          .catch(fault);
      };
      if (!("stream" in request)) enter();
      // A stream that was reset in the same breath is not worth a look (CVE-2023-44487).
      else
        setImmediate(() => {
          if (!isGone(response)) enter();
        });
    },
    upgrade(request, socket, head) {
      const admitted = admit(request, socket);
      const rejectUpgrade = (answer: LocalReply): void => refuseUpgrade(socket, answer);
      if ("status" in admitted) {
        rejectUpgrade(admitted);
        return;
      }
      const { route, ask } = admitted;
      if (route.handler.upgrade === undefined) {
        rejectUpgrade(
          problem({
            status: 400,
            code: "no_upgrade",
            detail: `${route.kind} connections upgrade to nothing`,
          }),
        );
        return;
      }
      route.handler.upgrade({ ...ask, request, socket, head }, route.gate).catch((error: unknown) => {
        if (error instanceof Busy) {
          rejectUpgrade(busy(error));
          return;
        }
        fault(error);
        socket.destroy();
      });
    },
  };
}

/** The answer to a request when a resource is full: whose share is full, and what to do. */
export function busy({ reach, message }: Busy): LocalReply {
  return problem({
    status: reach === "total" ? 503 : 429,
    code: reach === "total" ? "busy" : "too_many",
    detail: message,
    hint: reach === "total" ? "try again in a moment" : "wait until some of them have ended",
    // The rest of the body is not read.
    headers: { connection: "close", "retry-after": "5" },
  });
}

const failed: LocalReply = problem({
  status: 500,
  code: "internal",
  detail: "Mayfly failed to answer; nothing was permitted by this",
  hint: "the operator finds the cause in the gateway's log",
});

/** Whether the client has gone. */
export function isGone(response: ServerResponse | Http2ServerResponse): boolean {
  // Node's response of HTTP/2 knows its stream alone.
  if ("stream" in response) return response.stream.destroyed || response.stream.closed;
  return response.destroyed || response.socket?.destroyed === true;
}

/** Sends an answer of the gateway's own. */
export function send(response: ServerResponse | Http2ServerResponse, answer: LocalReply): void {
  if (isGone(response)) return;
  if (!("stream" in response)) letBodyEnd(response);
  // Both versions have this form; their types only do not say so together.
  const { connection, ...headers } = answer.headers;
  // RFC 9113, section 8.2.2: HTTP/2 has no headers of the connection.
  const own = connection === undefined || "stream" in response ? headers : { ...headers, connection };
  (response as ServerResponse).writeHead(answer.status, own);
  (response as ServerResponse).end(answer.body);
  if ("stream" in response) cutUnread(response);
}

/** A stream of HTTP/2 whose client does not read its answer is reset: its window may stay closed as long as it likes. */
function cutUnread(response: Http2ServerResponse): void {
  const timer = setTimeout(() => response.stream.close(constants.NGHTTP2_CANCEL), SLOW_READER_MS);
  timer.unref();
  response.once("close", () => clearTimeout(timer));
}

/** Aborts an answer, so that its reader knows that it is incomplete. */
export function breakOff(response: ServerResponse | Http2ServerResponse): void {
  // Destroyed without a reason, a stream of HTTP/2 looks as if it had come to its end (RFC 9113, section 8.1).
  if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** How long a client may take to read why its upgrade was refused, milliseconds. */
const CLOSE_GRACE_MS = 1000;

/** Answers a refused upgrade, and frees the connection whatever its client does. */
export function refuseUpgrade(socket: Duplex, answer: LocalReply): void {
  socket.end(rawAnswer(answer));
  // Nobody reads from a socket that was handed over: unread, its client's end would never be seen.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), CLOSE_GRACE_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/** An answer as bytes, for a socket that was handed over for an upgrade. */
export function rawAnswer({ status, headers, body }: LocalReply): string {
  const lines = Object.entries({ ...headers, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} \r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
