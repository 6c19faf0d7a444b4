import type { Core } from "../core.ts";
import { end } from "../endings.ts";
import { everything } from "../limits.ts";

/**
 * Ends what is active and may have been ended before, where nobody can know: what was live when a gateway fell silent,
 * and what was activated before records of the log were lost, its end among them perhaps.
 * @param isSilent whether the gateway fell silent
 * @param activatedSinceLoss what was activated after the log was lost; undefined where it was not
 * @returns which
 */
export async function endInDoubt(
  core: Core,
  isSilent: boolean,
  activatedSinceLoss: ReadonlySet<string> | undefined,
): Promise<readonly string[]> {
  if (!isSilent && activatedSinceLoss === undefined) return [];
  const ended: string[] = [];
  for (const grant of await core.store.grants({ state: "active", limit: everything })) {
    const isLost = activatedSinceLoss?.has(grant.id) === false;
    if (!isSilent && !isLost) continue;
    const when = isLost ? "records of the audit log were lost" : "its gateway fell silent";
    const reason = `grant ${grant.id} was live when ${when}: whether it was ended since is not known`;
    await end(core, grant, { event: "undo", by: "mayfly", reason });
    ended.push(grant.id);
  }
  return ended;
}
