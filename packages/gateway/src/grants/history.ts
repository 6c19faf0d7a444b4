import type { Core } from "./core.ts";
import { reading } from "./errors.ts";
import { shown } from "./holding.ts";
import type { Grant, PastGrant } from "./types.ts";

/** How many earlier grants a reviewer is shown. */
const most = 5;

/** How long an ask waits for the audit index to count what was done with them, milliseconds. */
const patience = 1000;

/**
 * What a requester did with their last grants, for the sheet of a new request. An index that is slow or away holds up
 * no ask: then the sheet says that the counts are not known.
 * @param requester its key
 * @throws store_unavailable
 */
export async function historyOf(core: Core, requester: string): Promise<readonly PastGrant[]> {
  const stored = await reading(core.store.grants({ requester, limit: most }));
  const grants = stored.map((grant) => shown(core.endedHere.get(grant.id)?.grant ?? grant));
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

async function countsOf(
  core: Core,
  grants: readonly Grant[],
): Promise<Awaited<ReturnType<NonNullable<Core["history"]>>> | undefined> {
  const { history } = core;
  if (history === undefined || grants.length === 0) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = core.clock.schedule(patience, () => resolve(undefined));
  try {
    return await Promise.race([history(grants.map(({ id }) => id)), promise]);
  } catch {
    return undefined;
  } finally {
    cancel();
  }
}
