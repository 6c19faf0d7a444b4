import type { FastifyServerFactory } from "fastify";
import { createServer, type Server } from "node:https";
import type { Certificates } from "./certificates.ts";

/** The HTTPS server of the API: made by Fastify through `factory`, its certificate swapped at a reload. */
export interface HttpsServer {
  readonly factory: FastifyServerFactory;
  /** Shows another certificate from the next handshake on. */
  show(certificates: Certificates): void;
}

/**
 * @param certificates shown at first
 * @param connections most client connections at a time
 */
export function httpsServer(certificates: Certificates, connections: number): HttpsServer {
  let server: Server | undefined;
  return {
    factory(handler) {
      server = createServer(
        {
          cert: certificates.certificate,
          key: certificates.key,
          minVersion: "TLSv1.2",
          handshakeTimeout: 10_000,
          // Node's parser lets more through than RFC 9112 does only when told so: it is not.
          insecureHTTPParser: false,
        },
        handler,
      );
      server.maxConnections = connections;
      return server;
    },
    show(next) {
      server?.setSecureContext({ cert: next.certificate, key: next.key, minVersion: "TLSv1.2" });
    },
  };
}
