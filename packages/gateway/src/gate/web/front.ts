import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import { SLOW_READER_MS } from "../bounds.ts";
import type { Gate } from "../gate.ts";
import { type Answer, challenge, problem } from "./answers.ts";
import type { WebAsk, WebDoor } from "./door.ts";
import { checkHead, valuesOf } from "./head.ts";
import { type Account, Busy, createSharing, type Sharing } from "./sharing.ts";

/** One protocol's door with its gate. */
export interface Doorway {
  readonly kind: string;
  readonly door: WebDoor<never>;
  readonly gate: Gate<never>;
}

/** What stands between the HTTPS port and the protocols over HTTP. */
export interface Front {
  /** Whether a target belongs to a protocol: `/KIND/CONNECTION` and whatever follows. */
  takes(target: string): boolean;
  /** Answers a request that it takes. @param expects whether the client waits for 100 (Continue) */
  request(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    expects: boolean,
  ): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** `b64token` (RFC 6750, section 2.1), and no longer than any provider's tokens. */
const bearerForm = /^bearer +([A-Za-z0-9\-._~+/]{1,16384}=*)$/i;
const connectionForm = /^[a-z][a-z0-9-]{0,62}$/;
const grantForm = /^gr_[0-9a-z]{16}$/;

/**
 * Makes the front. Whatever is ambiguous in a request's head is refused before any protocol sees it, and a fault in
 * one protocol's handler ends that request and no other.
 * @param url the gateway's own, without a slash at its end
 * @param fault told of what a handler threw
 * @param sharing what all requests share
 */
export function createFront(
  doorways: readonly Doorway[],
  url: string,
  fault: (error: unknown) => void,
  sharing: Sharing = createSharing(),
): Front {
  const { host } = new URL(url);
  const byKind = new Map(doorways.map((doorway) => [doorway.kind, doorway]));

  /** The doorway of a target, and what follows its connection's name. */
  const find = (target: string): { doorway: Doorway; connection: string; rest: string } | undefined => {
    const match = /^\/([a-z]+)\/([^/?#]*)(.*)$/s.exec(target);
    const doorway = byKind.get(match?.[1] ?? "");
    return match === null || doorway === undefined
      ? undefined
      : { doorway, connection: match[2] ?? "", rest: match[3] ?? "" };
  };

  /** What a door is given, or the answer that is given instead. */
  const admit = (
    request: IncomingMessage | Http2ServerRequest,
    over: EventEmitter,
  ): { readonly doorway: Doorway; readonly ask: WebAsk } | Answer => {
    const target = request.url ?? "";
    const { rawHeaders, httpVersion, httpVersionMajor, method = "" } = request;
    const wrong = checkHead({ httpVersion, httpVersionMajor, method, target, rawHeaders }, host);
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
    const given = valuesOf(rawHeaders, "authorization");
    const bearer = given.length === 1 ? bearerForm.exec(given[0] ?? "")?.[1] : undefined;
    if (bearer === undefined)
      return problem({
        status: given.length > 1 ? 400 : 401,
        code: given.length > 1 ? "bearer_ambiguous" : "bearer_missing",
        detail:
          given.length > 1 ? "the request has two Authorization headers" : "the request carries no bearer",
        hint: "send 'Authorization: Bearer …' with the grant's secret as Mayfly gave it, or your access token",
        ...(given.length > 1 ? {} : { headers: { "www-authenticate": challenge(url) } }),
      });
    const named = valuesOf(rawHeaders, "mayfly-grant");
    const [grant] = named;
    if (named.length > 1 || (grant !== undefined && !grantForm.test(grant)))
      return problem({ status: 400, code: "grant_malformed", detail: "mayfly-grant must name one grant" });
    const { remoteAddress = "" } = request.socket;
    let account: Account;
    try {
      account = sharing.open(remoteAddress, over);
    } catch (error) {
      if (error instanceof Busy) return busy(error);
      throw error;
    }
    return {
      doorway: found.doorway,
      ask: {
        connection: found.connection,
        target: found.rest,
        method,
        rawHeaders:
          httpVersionMajor === 2
            ? rawHeaders.filter((_, at) => !(rawHeaders[at - (at % 2)] ?? "").startsWith(":"))
            : rawHeaders,
        bearer,
        ...(grant === undefined ? {} : { grant }),
        client: {
          protocol: found.doorway.kind,
          address: remoteAddress,
          tls: "encrypted" in request.socket,
          ...softwareOf(rawHeaders),
        },
        account,
      },
    };
  };

  return {
    takes: (target) => find(target) !== undefined,
    request(request, response, expects) {
      const admitted = admit(request, response);
      if ("status" in admitted) {
        send(response, admitted);
        return;
      }
      const { doorway, ask } = admitted;
      const failedNow = (error: unknown): void => {
        if (!(error instanceof Busy)) fault(error);
        if (response.headersSent) breakOff(response);
        else send(response, error instanceof Busy ? busy(error) : failed);
      };
      // Of HTTP/2 the session is the connection; a stream is one request.
      const connectionOf = "stream" in request ? (request.stream.session ?? request.stream) : request.socket;
      const enter = (): void => {
        doorway.door
          .request({ ...ask, request, response, connectionOf, expectsContinue: expects }, doorway.gate)
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
      const refuse = (answer: Answer): void => refuseUpgrade(socket, answer);
      if ("status" in admitted) {
        refuse(admitted);
        return;
      }
      const { doorway, ask } = admitted;
      if (doorway.door.upgrade === undefined) {
        refuse(
          problem({
            status: 400,
            code: "no_upgrade",
            detail: `${doorway.kind} connections upgrade to nothing`,
          }),
        );
        return;
      }
      doorway.door.upgrade({ ...ask, request, socket, head }, doorway.gate).catch((error: unknown) => {
        if (error instanceof Busy) {
          refuse(busy(error));
          return;
        }
        fault(error);
        socket.destroy();
      });
    },
  };
}

/** The answer to a request for which there is no room: whose room is full, and what to do. */
export function busy({ reach, message }: Busy): Answer {
  return problem({
    status: reach === "total" ? 503 : 429,
    code: reach === "total" ? "busy" : "too_many",
    detail: message,
    hint: reach === "total" ? "try again in a moment" : "wait until some of them have ended",
    // What is left of the body is not read.
    headers: { connection: "close", "retry-after": "5" },
  });
}

const failed: Answer = problem({
  status: 500,
  code: "internal",
  detail: "Mayfly failed to answer; nothing was permitted by this",
  hint: "the operator finds the cause in the gateway's log",
});

function softwareOf(rawHeaders: readonly string[]): { software?: string } {
  const [agent] = valuesOf(rawHeaders, "user-agent");
  return agent === undefined ? {} : { software: agent.slice(0, 200) };
}

/**
 * Whether a request of HTTP/1.1 has a body of which more may come: what follows on its connection can then be read only
 * once that body is, so the connection ends with the answer.
 */
export function isUnread(request: IncomingMessage | Http2ServerRequest): boolean {
  if ("stream" in request || request.complete) return false;
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  return coding !== undefined || length !== "0";
}

/** Whether nobody waits for an answer any more. */
export function isGone(response: ServerResponse | Http2ServerResponse): boolean {
  // Node's response of HTTP/2 knows its stream alone.
  if ("stream" in response) return response.stream.destroyed || response.stream.closed;
  return response.destroyed || response.socket?.destroyed === true;
}

/** Sends an answer of the gateway's own. */
export function send(response: ServerResponse | Http2ServerResponse, answer: Answer): void {
  if (isGone(response)) return;
  if (!("stream" in response) && isUnread(response.req)) response.shouldKeepAlive = false;
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

/** Breaks an answer off, so that its reader knows that it is not whole. */
export function breakOff(response: ServerResponse | Http2ServerResponse): void {
  // Destroyed without a reason, a stream of HTTP/2 looks as if it had come to its end (RFC 9113, section 8.1).
  if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** How long a client whose upgrade was refused may take to read why, milliseconds. */
const farewell = 1000;

/** Answers a request to upgrade with what it gets instead, and gives the connection back whatever its client does. */
export function refuseUpgrade(socket: Duplex, answer: Answer): void {
  socket.end(rawAnswer(answer));
  // Nobody reads from a socket that was handed over: unread, its client's end would never be seen.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), farewell);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/** An answer as bytes, for a socket that was handed over for an upgrade. */
export function rawAnswer({ status, headers, body }: Answer): string {
  const lines = Object.entries({ ...headers, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} \r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
