import { Pool } from "undici";
import { createCredentials, type Credentials } from "./credentials.ts";
import type { HttpTarget } from "./target.ts";

/** An upstream as one configuration knows it: its connections, and who the gateway is there. */
export interface Upstream {
  readonly pool: Pool;
  readonly credentials: Credentials;
  /** Stands before every path: empty, or a path without a slash at its end. */
  readonly base: string;
  readonly host: string;
}

/** Connections to one upstream at a time. */
const connections = 256;
/** The largest head of an answer, bytes. */
const headSize = 65_536;
const connectTimeout = 10_000;
const keepAlive = 30_000;

/** Makes a cache of upstreams: one a target, for as long as a configuration holds the target. */
export function createUpstreams(now: () => number): (target: HttpTarget) => Upstream {
  const known = new WeakMap<HttpTarget, Upstream>();
  return (target) => {
    const found = known.get(target);
    if (found !== undefined) return found;
    const { origin, host, pathname } = new URL(target.url);
    const certificate = target.client_certificate;
    const pool = new Pool(origin, {
      connections,
      pipelining: target.http2 ? 100 : 1,
      allowH2: target.http2,
      headersTimeout: target.timeout,
      // Streams may be silent for as long as their grant lives.
      bodyTimeout: 0,
      maxHeaderSize: headSize,
      keepAliveTimeout: keepAlive,
      connect: {
        timeout: connectTimeout,
        rejectUnauthorized: true,
        ...(target.ca === undefined ? {} : { ca: target.ca.text() }),
        ...(certificate === undefined
          ? {}
          : { cert: certificate.certificate.text(), key: certificate.key.reveal() }),
      },
    });
    const upstream = {
      pool,
      host,
      credentials: createCredentials(target, now),
      base: pathname.replace(/\/$/, ""),
    };
    known.set(target, upstream);
    return upstream;
  };
}
