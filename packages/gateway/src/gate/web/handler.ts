import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import type { PresentedToken } from "../../identity/dpop/presented-token.ts";
import type { ClientFacts, Gate } from "../gate.ts";
import type { KnownHeaders } from "./request-head.ts";
import type { SharedUse } from "./sessions/sharing.ts";

/** The handler of a protocol over HTTPS: it answers everything under `/KIND/CONNECTION`. */
export interface WebHandler<Act, Cover> {
  /** Answers one request whole. What it throws becomes a 500 that says nothing, and ends nothing else. */
  request(exchange: WebExchange, gate: Gate<Act, Cover>): Promise<void>;
  /** Answers a request to upgrade (WebSocket, SPDY); left out: refused. */
  upgrade?(upgrade: WebUpgrade, gate: Gate<Act, Cover>): Promise<void>;
}

/** A request that the router has checked: unambiguous framing, one Host, one bearer. */
export interface WebRequest {
  /** The connection's name, as the path says it. */
  readonly connection: string;
  /** What follows `/KIND/CONNECTION` in the request's target, to the byte: empty, or begins with `/` or `?`. */
  readonly target: string;
  readonly method: string;
  /** Names and values in turn, as they came. HTTP/2's pseudo headers are not among them. */
  readonly rawHeaders: readonly string[];
  /** The headers that the router has read. */
  readonly known: KnownHeaders;
  /** The bearer, from the Authorization header; the handler passes it to `gate.enter` and nowhere else. */
  readonly bearer: string;
  /** How it was shown; goes to `gate.enter` with it. */
  readonly shown: PresentedToken;
  /** The grant that the client names (`mayfly-grant`), where it does. */
  readonly grant?: string;
  readonly client: ClientFacts;
  /** Its use of shared resources; the handler passes it to `gate.enter`. */
  readonly account: SharedUse;
}

/** One request and the answer to it, of HTTP/1.1 or HTTP/2. */
export interface WebExchange extends WebRequest {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
  /** The client's connection, for `gate.enter`: an HTTP/1.1 socket or an HTTP/2 session. */
  readonly connectionOf: EventEmitter;
  /** The client sends its body only after 100 (Continue): write it once the act is permitted. */
  readonly expectsContinue: boolean;
}

/** A request to upgrade an HTTP/1.1 connection. */
export interface WebUpgrade extends WebRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** The first bytes after the request's head. */
  readonly head: Buffer;
}
