import type { Core } from "../core.ts";
import { end } from "../lifecycle/end.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";

/**
 * Ends active grants that may have ended before without a trace: those that were live when a gateway fell silent, and
 * those activated before records of the log were lost, perhaps with their end.
 * @param isSilent whether the gateway fell silent
 * @param activatedSinceLoss what was activated after the log was lost; undefined where it was not
 * @returns which
 */
export async function endDoubtfulGrants(
  core: Core,
  isSilent: boolean,
  activatedSinceLoss: ReadonlySet<string> | undefined,
): Promise<readonly string[]> {
  if (!isSilent && activatedSinceLoss === undefined) return [];
  const ended: string[] = [];
  for (const grant of await core.store.grants({ state: "active", limit: MAX_STORED_ROWS })) {
    const isLost = activatedSinceLoss?.has(grant.id) === false;
    if (!isSilent && !isLost) continue;
    const when = isLost ? "records of the audit log were lost" : "its gateway fell silent";
    const reason = `grant ${grant.id} was live when ${when}: whether it was ended since is not known`;
    await end(core, grant, { event: "undo", by: "mayfly", reason });
    ended.push(grant.id);
  }
  return ended;
}
