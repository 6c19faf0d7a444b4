import { openAuditLog } from "../../gateway/src/audit/open.ts";
import { systemClock } from "../../gateway/src/kernel/clock.ts";

/** Makes an audit log that holds nothing but its opening, closed again. @returns the verifier key of its checkpoints */
export async function makeEmptyLog(folder: string, name = "mayfly.test"): Promise<string> {
  const { log, verifierKey } = await openAuditLog({
    folder,
    name,
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 1000,
  });
  await log.close();
  return verifierKey;
}
