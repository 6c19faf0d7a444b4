import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startLeaving, type Leaving } from "../../audit/leaving/leaving.ts";
import { createProver } from "../../audit/tree/proofs.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { Boot } from "./boot.ts";

/** Where cosigned checkpoints are kept, under the data folder. */
export const COSIGNED_FOLDER = "cosigned";

/** Brings the log's checkpoints to where the configuration says. Before the log is opened, so that it misses none. */
export function bringCheckpoints(
  { clock, logger, onStop }: Boot,
  { audit, dataFolder }: Configuration,
): Leaving | undefined {
  const { checkpoints } = audit;
  if (checkpoints === undefined) return undefined;
  const cosigned = join(dataFolder, COSIGNED_FOLDER);
  if (checkpoints.to.some(({ kind }) => kind === "witness"))
    mkdirSync(cosigned, { recursive: true, mode: 0o700 });
  const leaving = startLeaving({
    settings: checkpoints,
    origin: audit.name,
    cosigned,
    clock,
    prover: createProver(audit.folder),
    onProblem: (destination, problem) => logger.error({ destination, problem }, "checkpoints"),
    onRecovered: (destination, records) =>
      logger.info({ destination, records }, "checkpoints reach it again"),
  });
  onStop(() => leaving.stop());
  return leaving;
}
