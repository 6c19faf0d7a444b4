import type { Logger } from "pino";
import type { ConnectionHealth } from "../../api/services.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { HealthReadings } from "../telemetry/health-metrics.ts";
import { createProbes, type Probes } from "../telemetry/probes.ts";
import { createProviderProbes, issuersOf } from "../telemetry/provider-probes.ts";
import type { Boot, InForce } from "./boot.ts";

/** What looks at connections' targets and at identity providers. */
export interface Watching extends HealthReadings {
  readonly probes: Probes;
}

/** Writes into the gateway's log that something outside went down, or is up again. */
function toldBy(
  logger: Logger,
  label: string,
  what: string,
): (name: string, health: ConnectionHealth) => void {
  return (name, { state, detail }) => {
    if (state === "down") logger.warn({ [label]: name, problem: detail }, `${what} does not answer`);
    else logger.info({ [label]: name }, `${what} answers again`);
  };
}

/** Starts looking, whether anybody asks or not. */
export function startProbes(
  { clock, logger, onStop }: Boot,
  inForce: InForce,
  protocols: readonly AnyProtocol[],
): Watching {
  const configuration = (): InForce["adopted"]["configuration"] => inForce.adopted.configuration;
  const probes = createProbes({
    clock,
    protocols,
    connections: () => configuration().connections,
    turned: toldBy(logger, "connection", "the target of a connection"),
  });
  const providers = createProviderProbes({
    clock,
    identity: () => configuration().identity,
    turned: toldBy(logger, "issuer", "an identity provider"),
  });
  onStop(async () => {
    await Promise.all([probes.stop(), providers.stop()]);
  });
  return {
    probes: {
      ...probes,
      lookSoon() {
        probes.lookSoon();
        providers.lookSoon();
      },
    },
    connections: () =>
      Array.from(configuration().connections.values(), ({ name, kind }) => ({
        labels: { connection: name, protocol: kind },
        health: probes.health(name),
      })),
    providers: () =>
      issuersOf(configuration().identity).map(({ issuer }) => ({
        labels: { issuer },
        health: providers.health(issuer),
      })),
  };
}
