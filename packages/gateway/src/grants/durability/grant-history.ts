import type { Core } from "../core.ts";
import { reading } from "../errors.ts";
import { withoutVerifier } from "../lifecycle/holder.ts";
import type { Grant, PastGrant } from "../types.ts";

/** How many earlier grants a reviewer is shown. */
const MAX_EARLIER_GRANTS = 5;

/** How long a request waits for the audit index to count the acts of earlier grants, milliseconds. */
const COUNT_TIMEOUT_MS = 1000;

/**
 * The requester's last grants, for the sheet of a new request. A slow or absent index delays no request: the sheet then
 * says that the counts are unknown.
 * @param requester its key
 * @throws store_unavailable
 */
export async function readGrantHistory(core: Core, requester: string): Promise<readonly PastGrant[]> {
  return pastGrants(core, await reading(core.store.grants({ requester, limit: MAX_EARLIER_GRANTS })));
}

/** Grants as they stand now, with what was done with each where the index can say it in time. */
export async function pastGrants(core: Core, stored: readonly Grant[]): Promise<readonly PastGrant[]> {
  const grants = stored.map((grant) => withoutVerifier(core.endedHere.get(grant.id)?.grant ?? grant));
  const counts = await countsOf(core, grants);
  return grants.map((grant) => {
    const use = counts?.get(grant.id);
    return {
      grant: grant.id,
      connection: grant.connection,
      operations: grant.operations,
      activatedAt: grant.activatedAt,
      state: grant.state,
      ...(use === undefined ? {} : { acts: use.acts, denied: use.denied }),
      ...(grant.endReason === undefined ? {} : { endReason: grant.endReason }),
    };
  });
}

/** The acts of grants; undefined where there is no index, or it does not answer in time. */
export async function countsOf(
  core: Core,
  grants: readonly Grant[],
): Promise<Awaited<ReturnType<NonNullable<Core["history"]>>> | undefined> {
  const { history } = core;
  if (history === undefined || grants.length === 0) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = core.clock.schedule(COUNT_TIMEOUT_MS, () => resolve(undefined));
  try {
    return await Promise.race([history(grants.map(({ id }) => id)), promise]);
  } catch {
    return undefined;
  } finally {
    cancel();
  }
}
