import type { Gates } from "../../gate/create.ts";
import type { SharedResources } from "../../gate/web/sessions/sharing.ts";
import type { ConnectionPlaces } from "../listeners/connection-places.ts";
import type { Listener } from "../listeners/listener.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import type { SystemLogReading } from "./identity/system-log.ts";
import type { HealthReadings } from "../telemetry/health-metrics.ts";
import type { Records } from "./records.ts";
import type { GrantService } from "./start-grants.ts";

/** What metrics are read from, whenever they are asked for; functions, of what is made after them. */
export interface GatewayMetricsParts {
  readonly records: Records;
  readonly sharing: SharedResources;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly grants: () => GrantService;
  readonly gates: () => Pick<Gates, "sessions">;
  readonly systemLog: () => Pick<SystemLogReading, "lag">;
  readonly health: () => HealthReadings;
  readonly places: () => Pick<ConnectionPlaces, "inUse">;
}

export function createGatewayMetrics(parts: GatewayMetricsParts): Metrics {
  const { listeners } = parts;
  const { audit, keeper, leaving } = parts.records;
  return createMetrics({
    grants: () => parts.grants().counts,
    health: { connections: () => parts.health().connections(), providers: () => parts.health().providers() },
    sessions: () => parts.gates().sessions,
    connections: () => Array.from(listeners.values()).reduce((sum, { connections }) => sum + connections, 0),
    recording: () => audit.log.unavailable === undefined,
    refusedTurns: () => audit.log.losses,
    storing: () => keeper.unavailable === undefined && parts.grants().unavailable === undefined,
    locked: () => parts.grants().locked !== undefined,
    logLag: () => parts.systemLog().lag,
    exports: () => parts.records.exports.status,
    destinations: () => leaving?.states() ?? [],
    held: () => ({ ...parts.sharing.inUse(), connections: parts.places().inUse }),
  });
}
