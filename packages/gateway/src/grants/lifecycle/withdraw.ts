import { close } from "../requests/close.ts";
import type { Core } from "../core.ts";
import { endSoon } from "./end.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";
import type { AccessRequest, Requester } from "../types.ts";

/** Whose identity is withdrawn, and how the ends are recorded. */
export interface Withdrawal {
  /** @param issuedAt when the provider said what stands in the requester, milliseconds since the epoch */
  readonly matches: (requester: Requester, issuedAt: number | undefined) => boolean;
  /** For people to read. */
  readonly reason: string;
}

/** What a withdrawal ends. */
export interface Reached {
  readonly grants: readonly string[];
  readonly requests: readonly string[];
}

const meant =
  ({ matches }: Withdrawal) =>
  ({ requester }: { readonly requester: Requester }): boolean =>
    matches(requester, requester.groupsAsOf);

function liveOf(core: Core, withdrawal: Withdrawal): ReturnType<Core["live"]["all"]> {
  const isMeant = meant(withdrawal);
  return core.live.all().filter(({ grant }) => isMeant(grant));
}

async function pendingOf(core: Core, withdrawal: Withdrawal): Promise<AccessRequest[]> {
  const pending = await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS });
  return pending.filter(meant(withdrawal));
}

/**
 * What withdrawals would end now.
 * @throws what the store throws: then its requests are not known
 */
export async function reachOf(core: Core, withdrawals: readonly Withdrawal[]): Promise<readonly Reached[]> {
  const grants = withdrawals.map((each) => liveOf(core, each).map(({ grant }) => grant.id));
  const pending = await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS });
  return withdrawals.map((each, at) => ({
    grants: grants[at] ?? [],
    requests: pending.filter(meant(each)).map(({ id }) => id),
  }));
}

/**
 * Ends the grants of everybody whose identity is withdrawn, and closes their pending requests. Before this function
 * first awaits, the grants are out of memory and their signals have aborted.
 * @returns what ended; `requests` resolves when they are closed
 * @throws never: what the store could not tell or take is refused before any approval
 */
export function withdrawAll(
  core: Core,
  withdrawal: Withdrawal,
): { readonly grants: readonly string[]; readonly requests: Promise<readonly string[]> } {
  const over = liveOf(core, withdrawal);
  for (const { grant } of over)
    endSoon(core, grant, { event: "withdraw_identity", by: "identity", reason: withdrawal.reason });
  return { grants: over.map(({ grant }) => grant.id), requests: closeAll(core, withdrawal) };
}

async function closeAll(core: Core, withdrawal: Withdrawal): Promise<readonly string[]> {
  const pending = await pendingOf(core, withdrawal).catch(() => []);
  const closings = await Promise.allSettled(
    pending.map((request) =>
      core.mutex(`request ${request.id}`, () =>
        close(core, request, { event: "withdraw_identity", reason: withdrawal.reason }),
      ),
    ),
  );
  return pending
    .filter((_, at) => {
      const closing = closings[at];
      return closing?.status === "fulfilled" && closing.value;
    })
    .map(({ id }) => id);
}
