import type { SignalSink } from "../../../identity/signals/signal.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Boot, InForce } from "../boot.ts";
import type { Records } from "../records.ts";
import type { GrantService } from "../start-grants.ts";
import type { IdentityServices } from "./identity-services.ts";
import { signalSinkOf } from "./signals.ts";
import { type SystemLogReading, createSystemLogReading } from "./system-log.ts";

/** Starts to hear what the provider says: where it is carried out, and the System Log that it is read from. */
export function startSignals(
  { clock, logger, fault, onStop }: Boot,
  inForce: InForce,
  { audit, store }: Records,
  { cutOffs, memberships, people, okta, proofs, sinkReady }: IdentityServices,
  grants: GrantService,
  metrics: Metrics,
): { readonly sink: SignalSink; readonly systemLog: SystemLogReading } {
  const sink = signalSinkOf({
    clock,
    log: audit.log,
    logger,
    configuration: () => inForce.adopted.configuration,
    cutOffs,
    memberships,
    grants,
    people,
    seen: store.browserSessions,
    refresh: ({ subject, issuers }) => okta.forget(subject, issuers),
    counted: (outcome, delayMs) => metrics.signalled(outcome, delayMs),
    fault,
  });
  sinkReady.resolve(sink);
  const systemLog = createSystemLogReading({
    clock,
    logger,
    sink,
    heard: (all) => all.forEach(({ subject, issuers }) => void okta.forget(subject, issuers)),
    proofs,
    cursors: store.cursors,
  });
  onStop(() => systemLog.stop());
  systemLog.adopt(inForce.adopted.configuration);
  return { sink, systemLog };
}
