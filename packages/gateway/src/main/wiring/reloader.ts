import type { Configuration } from "../../configuration/types.ts";
import type { GatewayOptions } from "../gateway.ts";
import { reload, type Reload, type ReloadParts } from "../reload.ts";
import type { InForceThere } from "../workers/messages.ts";
import { workerConfiguration } from "../workers/place.ts";
import type { InForce } from "./boot.ts";

/** What a running gateway reads its file again with. */
export interface ReloaderParts extends Pick<ReloadParts, "protocols" | "log" | "adopt"> {
  readonly inForce: InForce;
  readonly metrics: { reloaded(outcome: "adopted" | "refused"): void };
}

/** Makes a running gateway's `reload`. */
export function createReloader(
  { file, environment, clock, worker }: GatewayOptions,
  { inForce, metrics, ...parts }: ReloaderParts,
): (expected?: string) => Promise<Reload> {
  const current = (): Configuration => inForce.adopted.configuration;
  const placed = (next: Configuration): Configuration => workerConfiguration(next, worker?.place);
  return async (expected) => {
    const only = expected === undefined ? {} : { expected };
    const outcome = await reload({ file, environment, clock, current, placed, ...parts, ...only });
    metrics.reloaded(outcome.adopted ? "adopted" : "refused");
    return outcome;
  };
}

/** What the supervisor of a worker has to know of what it has in force. */
export function inForceThere({ adopted }: InForce): InForceThere {
  const { digest, shutdown } = adopted.configuration;
  return { digest, leaveMs: shutdown.drain === 0 ? 0 : shutdown.announce + shutdown.drain };
}
