import { describeChanges } from "../../configuration/changes.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { Exports } from "../../export/exports.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { Notifications } from "../../notifications/notifications.ts";
import type { HttpsServer } from "../listeners/https.ts";
import { rulesOf } from "../load.ts";
import type { LeftBehindSweep } from "../previous-run/left-behind.ts";
import type { ReloadParts } from "../reload.ts";
import type { Probes } from "../telemetry/probes.ts";
import { certificatesOf } from "../tls/certificates.ts";
import type { ManagedApiServices } from "./api-services.ts";
import type { Boot, InForce } from "./boot.ts";
import type { IdentityServices } from "./identity/identity-services.ts";
import type { SystemLogReading } from "./identity/system-log.ts";
import type { GrantService } from "./start-grants.ts";

/** What a reload swaps. */
export interface AdoptParts {
  readonly boot: Boot;
  readonly inForce: InForce;
  readonly protocols: readonly AnyProtocol[];
  readonly identity: IdentityServices;
  readonly grants: GrantService;
  readonly https: HttpsServer;
  readonly systemLog: SystemLogReading;
  readonly notifications: Notifications;
  readonly exports: Pick<Exports, "adopt">;
  readonly api: ManagedApiServices;
  readonly probes: Probes;
  readonly sweep: LeftBehindSweep;
  /** Where the local CA is. */
  readonly tlsFolder: (next: Configuration) => string;
}

/** Makes what puts another configuration in force: all that can fail is made before anything is swapped. */
export function createAdopt(parts: AdoptParts): ReloadParts["adopt"] {
  const { inForce, identity } = parts;
  return async (next) => {
    const certificates = await certificatesOf(
      next.configuration,
      parts.boot.clock,
      parts.tlsFolder(next.configuration),
    );
    const changes = describeChanges(inForce.adopted.configuration, next.configuration);
    const swapIdentity = identity.prepare(next.configuration, changes);
    const rules = rulesOf(next, parts.protocols, identity.known);
    // In one breath: a grant that is made by the next rules must open nothing by the configuration before them, and
    // nobody may be known by the identity before. Ends that have to be written and stored are awaited behind it.
    inForce.adopted = next;
    identity.okta.adopt(next.configuration);
    const ending = parts.grants.adopt(rules);
    const swapping = swapIdentity();
    inForce.certificates = certificates;
    parts.https.show(certificates);
    parts.systemLog.adopt(next.configuration);
    parts.api.adopt(next.configuration, changes);
    const notifying = parts.notifications.adopt(next.configuration.notifications);
    const exporting = parts.exports.adopt(next.configuration.export);
    const [outcome] = await Promise.all([ending, swapping, notifying, exporting]);
    parts.probes.lookSoon();
    parts.sweep.lookSoon();
    return outcome;
  };
}
