import { createGates, type Gates } from "../../gate/create.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Boot, InForce } from "./boot.ts";
import type { IdentityServices } from "./identity/identity-services.ts";
import type { Records } from "./records.ts";
import { sharedPlacesOf } from "./shared-places.ts";
import type { GrantService } from "./start-grants.ts";

/** What the gates stand on. */
export interface MadeGatesParts {
  readonly boot: Boot;
  readonly inForce: InForce;
  readonly records: Records;
  readonly identity: IdentityServices;
  readonly grants: GrantService;
  readonly metrics: Pick<Metrics, "count" | "actTimes">;
  /** The gateway's processes behind the same ports. */
  readonly processes: number;
}

/** Makes the gates of all protocols, which judge by the configuration that is in force when they are asked. */
export function makeGates({
  boot,
  inForce,
  records,
  identity,
  grants,
  metrics,
  processes,
}: MadeGatesParts): Gates {
  return createGates({
    grants,
    budgets: records.store.budgets,
    ...sharedPlacesOf(records),
    identity: identity.identity,
    log: records.audit.log,
    clock: boot.clock,
    processes,
    traces: () => records.exports.traces,
    configuration: () => inForce.adopted.configuration,
    fault: boot.fault,
    stillRunning: ({ connection, grant, session, process, acts }) =>
      boot.logger.error(
        { connection, grant, session, process, acts },
        "the target still runs what a session ran that is over: the process was told to end, and has not looked yet",
      ),
    count: (what) => metrics.count(what),
    times: (kind) => metrics.actTimes(kind),
  });
}
