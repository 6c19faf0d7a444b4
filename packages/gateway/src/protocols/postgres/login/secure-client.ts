import type { Duplex } from "node:stream";
import { TLSSocket, type SecureContext } from "node:tls";

/** The name that a client of direct TLS gives (ALPN; manual, "SSL Session Encryption"). */
export const POSTGRES_ALPN = "postgresql";

/** The server's side of TLS over a client's connection. What goes wrong there ends the connection and nothing else. */
export function secureClient(socket: Duplex, secureContext: SecureContext): TLSSocket {
  const secured = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: [POSTGRES_ALPN] });
  secured.on("error", () => undefined);
  return secured;
}
