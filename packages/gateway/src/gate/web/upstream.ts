import type { TLSSocket } from "node:tls";
import { buildConnector, Pool } from "undici";
import { tolerateContinue } from "./interim.ts";

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

/** An upstream as one configuration knows it. */
export interface Upstream {
  readonly pool: Pool;
  readonly credentials: Credentials;
  /** Stands before every path: empty, or a path without a slash at its end. */
  readonly base: string;
  /** Milliseconds until an answer begins. */
  readonly timeout: number;
}

/** Connections to one upstream at a time. */
const connections = 256;
/** The largest head of an answer, bytes. */
const headSize = 65_536;
const connectTimeout = 10_000;
const keepAlive = 30_000;

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
    // Without TLS there is nothing to choose a version in: it is known beforehand (RFC 9113, section 3.3).
    const plain = http2 && origin.startsWith("http:") ? { useH2c: true } : {};
    const open = buildConnector({
      timeout: connectTimeout,
      allowH2: http2,
      ...plain,
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
    const pool = new Pool(origin, {
      connections,
      pipelining: http2 ? 100 : 1,
      allowH2: http2,
      ...plain,
      headersTimeout: timeout,
      // Streams may be silent for as long as their grant lives.
      bodyTimeout: 0,
      maxHeaderSize: headSize,
      keepAliveTimeout: keepAlive,
      connect: (asked, done) =>
        open(asked, (error, socket) => {
          if (error !== null) return done(error, null);
          // In HTTP/2 an interim answer is a frame of its own.
          const isHttp2 = "useH2c" in plain || (socket as TLSSocket).alpnProtocol === "h2";
          if (!isHttp2) tolerateContinue(socket);
          return done(null, socket);
        }),
    });
    const upstream = { pool, credentials, base: pathname.replace(/\/$/, ""), timeout };
    known.set(target, upstream);
    return upstream;
  };
}
