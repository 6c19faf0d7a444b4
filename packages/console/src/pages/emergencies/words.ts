import { MAX_EMERGENCIES } from "../../api/limits.ts";

/** That there may be more than are listed. Undefined where all are. */
export function newestText(listed: number): string | undefined {
  return listed < MAX_EMERGENCIES ? undefined : `The newest ${MAX_EMERGENCIES} are listed.`;
}
