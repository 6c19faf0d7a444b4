import { createSend, type Send } from "../../send.ts";
import { createHttp1Client } from "../http1/client.ts";
import type { AnswerHandler, OutgoingRequest, RequestControl } from "../http1/dispatch.ts";
import { type GatewayRequest, createGatewayRequests } from "./gateway-request.ts";
import { createHttp2Client } from "./http2-client.ts";

/** How a system behind HTTP is reached, and who the gateway is there. */
export interface UpstreamPlan {
  /** Where it is; a path in it stands before every request's. */
  readonly url: string;
  readonly http2: boolean;
  /** Milliseconds until an answer begins. */
  readonly timeout: number;
  /** PEM of the CA that signed its certificate; left out: the public ones. */
  readonly ca?: string;
  /** PEM: the gateway's own, for mutual TLS. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  readonly credentials: Credentials;
}

/** Gives the headers that say who the gateway is, upstream. Their values go nowhere else. */
export interface Credentials {
  /** @throws CredentialError when they cannot be had */
  headers(): Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
}

/** The credential of a target could not be had; says nothing of it. */
export class CredentialError extends Error {}

/** A client's request on its way. */
export interface UpstreamRequest {
  readonly request: OutgoingRequest;
  /** Told of what comes back. */
  readonly handler: AnswerHandler;
}

/** An upstream as one configuration knows it. Its connections are reachable in no other way than these two. */
export interface Upstream {
  /** Sends a client's act; its permit is used up. */
  readonly send: Send<UpstreamRequest, RequestControl>;
  /** Asks on the gateway's own behalf, which carries nothing of a client's. */
  readonly ask: GatewayRequest;
  readonly credentials: Credentials;
  /** Stands before every path: empty, or a path without a slash at its end. */
  readonly base: string;
  /** Milliseconds until an answer begins. */
  readonly timeout: number;
}

/** Connections to one upstream at a time. */
const MAX_CONNECTIONS = 256;

/** Makes a cache of upstreams: one a target, for as long as a configuration holds the target. */
export function createUpstreams<Target extends object>(
  plan: (target: Target) => UpstreamPlan,
): (target: Target) => Upstream {
  const known = new WeakMap<Target, Upstream>();
  return (target) => {
    const found = known.get(target);
    if (found !== undefined) return found;
    const { url, http2, timeout, ca, certificate, credentials } = plan(target);
    const { origin, pathname } = new URL(url);
    const options = {
      origin,
      maxConnections: MAX_CONNECTIONS,
      timeout,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
    };
    const dispatch = http2 ? createHttp2Client(options) : createHttp1Client(options);
    const base = pathname.replace(/\/$/, "");
    const upstream: Upstream = {
      send: createSend(({ request, handler }: UpstreamRequest) => dispatch(request, handler)),
      ask: createGatewayRequests(dispatch, base, credentials),
      credentials,
      base,
      timeout,
    };
    known.set(target, upstream);
    return upstream;
  };
}
