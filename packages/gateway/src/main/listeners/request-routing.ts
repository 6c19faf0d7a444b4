import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { constants, type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { SILENCE_MS } from "../../gate/bounds.ts";
import { type LocalReply, problem } from "../../gate/web/problem.ts";
import { type Router, send } from "../../gate/web/router.ts";
import type { TakeRequest } from "./request-taking.ts";

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** What becomes of requests. */
export interface Routing {
  readonly take: TakeRequest;
  /** Answers what it takes. */
  readonly router: Router | undefined;
  readonly takes: (request: AnyRequest) => boolean;
  /** Answers all else. */
  readonly handler: RequestListener;
  /** Whether clients are sent elsewhere: HTTP/1.1 connections end with their next answer. */
  readonly isLeaving: () => boolean;
}

/** What the request itself makes of it: one as any other, one that waits for 100 (Continue), or one that cannot be met. */
type Kind = "plain" | "continue" | "expects" | "connect";

/** RFC 9110, section 10.1.1, and 9.3.6. */
const refusals: Readonly<Record<"expects" | "connect", LocalReply>> = {
  expects: problem({ status: 417, code: "expectation", detail: "the only expectation is 100-continue" }),
  connect: problem({ status: 405, code: "no_tunnel", detail: "the gateway tunnels nothing" }),
};

/** RFC 9112, section 3.2. */
const noHost: LocalReply = problem({
  status: 400,
  code: "host_ambiguous",
  detail: "the request must name its host exactly once",
  headers: { connection: "close" },
});

/**
 * Hands each request to the router or to the API. Those too, in their turn, that Node answers by itself where nobody
 * listens: it answers all that came in one read at once.
 */
export function routeRequests(server: Server | Http2Server, routing: Routing): void {
  const on = (event: string, kind: Kind): void => {
    server.on(event, (request: AnyRequest, response: AnyResponse) =>
      routing.take(request, response, () => route(routing, request, response, kind)),
    );
  };
  on("request", "plain");
  on("checkContinue", "continue");
  on("checkExpectation", "expects");
  // Over HTTP/1.1 it is an upgrade, and its connection ends.
  if (!("maxRequestsPerSocket" in server)) on("connect", "connect");
}

function route(routing: Routing, request: AnyRequest, response: AnyResponse, kind: Kind): void {
  const { router, takes, handler, isLeaving } = routing;
  const isHttp1 = !("stream" in response);
  if (isHttp1 && isLeaving()) response.shouldKeepAlive = false;
  if (kind === "expects" || kind === "connect") {
    send(response, refusals[kind]);
    return;
  }
  if (router !== undefined && takes(request)) {
    router.request(request, response, kind === "continue");
    return;
  }
  if (isHttp1 && request.httpVersion === "1.1" && request.headers.host === undefined) {
    send(response, noHost);
    return;
  }
  if (kind === "continue") response.writeContinue();
  // A stream that its client does not read, or whose body never ends, is not seen by the timers of HTTP/1.1.
  if (!isHttp1) {
    const { stream } = response;
    stream.setTimeout(SILENCE_MS, () => stream.close(constants.NGHTTP2_CANCEL));
  }
  // Node's objects of HTTP/2 answer to the names of those of HTTP/1.1: its compatibility API.
  handler(request as IncomingMessage, response as ServerResponse);
}
