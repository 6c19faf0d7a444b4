import { formatDuration } from "../../kernel/durations.ts";
import type { Core } from "../core.ts";
import { endSoon, type Ending } from "../lifecycle/end.ts";
import type { Grant } from "../types.ts";

/** How long the store may take to say whether another gateway heard of a task, milliseconds. */
const MAX_LOOK_MS = 500;
/** How long a lease that was renewed elsewhere outlasts its time while the store does not answer, milliseconds. */
const MAX_BLIND_MS = 10_000;

/** The end of a grant whose lease was lost. */
export function leaseLost({ id, lease = 0 }: Grant): Ending {
  const reason = `lease lost: the task that holds grant ${id} was not heard of for ${formatDuration(lease)}`;
  return { event: "lose_lease", by: "lease", reason };
}

/**
 * Makes what is called when a lease is over.
 * @param lookElsewhere asks the store what other gateways have heard; undefined where this one is alone
 */
export function createLostLeases(
  core: Core,
  lookElsewhere: (() => Promise<void>) | undefined,
): (grant: string) => void {
  const looking = new Set<string>();
  const blindSince = new Map<string, number>();

  const isOver = (id: string): boolean => (core.leases.left(id) ?? 0) <= 0;
  const lose = (id: string): void => {
    blindSince.delete(id);
    const entry = core.live.get(id);
    core.leases.end(id);
    if (entry !== undefined) endSoon(core, entry.grant, leaseLost(entry.grant));
  };
  /** Renewals elsewhere are unknown: a lease last renewed here is judged by this gateway alone. */
  const loseBlind = (id: string): void => {
    const since = blindSince.get(id) ?? core.clock.monotonic();
    if (core.leases.isOurs(id) || core.clock.monotonic() - since >= MAX_BLIND_MS) lose(id);
    else blindSince.set(id, since);
  };

  return (id) => {
    if (lookElsewhere === undefined) return lose(id);
    if (looking.has(id)) return undefined;
    looking.add(id);
    const look = Promise.race([
      lookElsewhere(),
      new Promise<void>((_, reject) => {
        core.clock.schedule(MAX_LOOK_MS, () => reject(new Error("the store is slow")));
      }),
    ]);
    void look
      .then(
        () => (isOver(id) ? lose(id) : blindSince.delete(id)),
        () => (isOver(id) ? loseBlind(id) : blindSince.delete(id)),
      )
      .finally(() => looking.delete(id));
    return undefined;
  };
}
