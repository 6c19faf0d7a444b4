import type { FastifyInstance, FastifyListenOptions } from "fastify";
import type { Gates } from "../../gate/create.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { createRouter, type Router } from "../../gate/web/router.ts";
import type { SharedResources } from "../../gate/web/sessions/sharing.ts";
import { type ConnectionPlaces, createConnectionPlaces } from "../listeners/connection-places.ts";
import { type HttpsServer, httpsServer } from "../listeners/https.ts";
import { listenError, type SharedAddress } from "../listeners/listener.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Boot, InForce } from "./boot.ts";

/** How long requests to the API have to end at a stop, after the sessions, milliseconds. */
const REQUESTS_END_MS = 5000;

/** The gateway's HTTPS port: the router of the protocols over HTTP, and beside it the API. */
export interface Web {
  readonly places: ConnectionPlaces;
  readonly router: Router;
  readonly https: HttpsServer;
}

/** @param url the gateway's own, without a slash at its end */
export function createWeb(
  { fault }: Boot,
  inForce: InForce,
  protocols: readonly AnyProtocol[],
  gates: Gates,
  metrics: Metrics,
  sharing: SharedResources,
  url: string,
): Web {
  const places = createConnectionPlaces(
    () => inForce.adopted.configuration.limits,
    () => metrics.turnedAway(),
  );
  const routes = protocols.flatMap((protocol) =>
    protocol.web === undefined
      ? []
      : [{ kind: protocol.kind, handler: protocol.web, gate: gates.forProtocol(protocol) }],
  );
  const router = createRouter(routes, url, fault, sharing);
  const { handshake } = inForce.adopted.configuration.limits;
  return { places, router, https: httpsServer(inForce.certificates, places, handshake, router) };
}

/** Listens with the API. @returns the port that was really taken */
export async function listenHttps(
  { clock, onStop }: Boot,
  api: FastifyInstance,
  { places, https }: Pick<Web, "places" | "https">,
  address: SharedAddress,
): Promise<number> {
  try {
    // Fastify hands on to the server what it is given here, and its type does not know of all of it.
    const options: FastifyListenOptions & Pick<SharedAddress, "reusePort"> = {
      host: address.host,
      port: address.port,
      reusePort: address.reusePort === true,
      // TLS is the router's (https.ts): Fastify takes its own server for one that speaks http.
      listenTextResolver: (text) => `listening at ${text.replace(/^http:/, "https:")}`,
    };
    await api.listen(options);
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, address, "https");
  }
  onStop(async () => {
    // Node enforces no time limit on a request once its server closes: one that never ends must not keep the log open.
    const cancel = clock.schedule(REQUESTS_END_MS, () => places.destroy());
    https.close();
    await api.close().finally(cancel);
  });
  const bound = api.server.address();
  return typeof bound === "object" && bound !== null ? bound.port : address.port;
}
