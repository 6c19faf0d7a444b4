import type { Duplex } from "node:stream";
import type { Gates } from "../../gate/create.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { LoopbackClients } from "../../gate/tools/loopback.ts";
import type { Router } from "../../gate/web/router.ts";
import { createLoopbackClients } from "../loopback-clients/clients.ts";
import { listen, type Listener } from "../listeners/listener.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Boot, InForce } from "./boot.ts";

/** What serves one client of a protocol's own port; undefined where it has none. */
function servingOf(protocol: AnyProtocol | undefined, gates: Gates): ((client: Duplex) => void) | undefined {
  if (protocol?.serve === undefined) return undefined;
  const gate = gates.forProtocol(protocol);
  return (client) => protocol.serve?.(client, gate);
}

/**
 * Listens on the ports that the configuration gives to protocols; adds each to `listeners` as it listens.
 * @param reusePort whether other processes of this gateway listen there too
 */
export async function listenOnPorts(
  { onStop }: Boot,
  inForce: InForce,
  protocols: readonly AnyProtocol[],
  gates: Gates,
  metrics: Metrics,
  listeners: Map<string, Listener>,
  reusePort = false,
): Promise<void> {
  const { ports } = inForce.adopted.configuration.listen;
  for (const protocol of protocols) {
    const serve = servingOf(protocol, gates);
    const at = ports.get(protocol.kind);
    if (serve === undefined || at === undefined) continue;
    const listener = await listen(
      { ...at, reusePort },
      protocol.kind,
      () => inForce.adopted.configuration.limits,
      serve,
      () => metrics.turnedAway(),
    );
    listeners.set(protocol.kind, listener);
    onStop(() => listener.destroy());
  }
}

/** How the gateway's own tools reach its protocols, without a port. @param url the gateway's, without a slash at its end */
export function loopbackOf(
  inForce: InForce,
  protocols: readonly AnyProtocol[],
  gates: Gates,
  router: Router,
  url: string,
): LoopbackClients {
  return createLoopbackClients({
    router,
    url,
    certificate: () => inForce.certificates.certificate,
    serve: (kind) =>
      servingOf(
        protocols.find((each) => each.kind === kind),
        gates,
      ),
  });
}
