import { listenForScrapes } from "../listeners/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Boot, InForce } from "./boot.ts";

/** Listens for Prometheus where the configuration has a port for it. @returns the port that was taken, by its name */
export async function startMetricsPort(
  { onStop, fault }: Boot,
  inForce: InForce,
  metrics: Metrics,
  reusePort: boolean,
): Promise<ReadonlyMap<string, number>> {
  const address = inForce.adopted.configuration.listen.metrics;
  if (address === undefined) return new Map();
  const port = await listenForScrapes({
    address,
    reusePort,
    secureContext: () => inForce.certificates.context,
    token: () => inForce.adopted.configuration.telemetry?.metrics.token,
    text: () => metrics.text(),
    fault,
  });
  onStop(() => port.close());
  return new Map([["metrics", port.port]]);
}
