import type { AnyProtocol } from "../../gate/protocol.ts";
import { messageOf } from "../../kernel/errors.ts";
import { type Boot, type InForce, SYSTEM_PRINCIPAL } from "../wiring/boot.ts";
import type { Records } from "../wiring/records.ts";
import { type LeftBehindSweep, sweepLeftBehind } from "./left-behind.ts";
import { closeUnfinished } from "./unfinished.ts";

/** After a failure the log's index is asked again this much later, milliseconds. */
const RETRY_AFTER_MS = 1000;

/** Removes what the run before left at the targets, and closes what it left open in the log. */
export function tidyPreviousRun(
  { clock, logger, onStop }: Boot,
  inForce: InForce,
  { audit, reader }: Records,
  protocols: readonly AnyProtocol[],
): LeftBehindSweep {
  const { log } = audit;
  const sweep = sweepLeftBehind({
    clock,
    log,
    logger,
    principal: SYSTEM_PRINCIPAL,
    configuration: () => inForce.adopted.configuration,
    protocols,
  });
  onStop(() => sweep.stop());
  let isStopping = false;
  /** The problem that was told last. */
  let told: string | undefined;
  const unfinished = closeUnfinished({
    log,
    reader,
    first: audit.first,
    configuration: () => inForce.adopted.configuration.digest,
    isStopping: () => isStopping,
    pause: () => new Promise((resolve) => void clock.schedule(RETRY_AFTER_MS, resolve)),
    onProblem(error) {
      const problem = messageOf(error);
      if (problem !== told)
        logger.warn({ problem }, "sessions of the run before are not closed in the log yet");
      told = problem;
    },
  });
  onStop(() => {
    isStopping = true;
    return unfinished.then(() => undefined);
  });
  return sweep;
}
