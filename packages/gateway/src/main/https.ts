import type { FastifyServerFactory } from "fastify";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import type { Admission } from "./admission.ts";
import type { Certificates } from "./certificates.ts";

/** The HTTPS server of the API: made by Fastify through `factory`, its certificate swapped at a reload. */
export interface HttpsServer {
  readonly factory: FastifyServerFactory;
  /** Shows another certificate from the next handshake on. */
  show(certificates: Certificates): void;
}

/**
 * @param certificates shown at first
 * @param admission which of its clients find a place
 * @param handshakeTimeout how long a client's TLS handshake may take, milliseconds
 */
export function httpsServer(
  certificates: Certificates,
  admission: Admission,
  handshakeTimeout: number,
): HttpsServer {
  let server: Server | undefined;
  return {
    factory(handler) {
      server = createServer(
        {
          cert: certificates.certificate,
          key: certificates.key,
          minVersion: "TLSv1.2",
          handshakeTimeout,
          // Node's parser lets more through than RFC 9112 does only when told so: it is not.
          insecureHTTPParser: false,
        },
        handler,
      );
      admitFirst(server, admission);
      return server;
    },
    show(next) {
      server?.setSecureContext({ cert: next.certificate, key: next.key, minVersion: "TLSv1.2" });
    },
  };
}

/** A client takes its place before its handshake begins; one that finds none never gets as far as TLS. */
function admitFirst(server: Server, admission: Admission): void {
  const handshakes = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (!admission.admit(socket)) return;
    for (const handshake of handshakes) handshake.call(server, socket);
  });
}
