import { MayflyError } from "../../kernel/errors.ts";
import type { Core } from "../core.ts";
import { reading } from "../errors.ts";
import type { AccessRequest } from "../types.ts";

/** How many requests of one requester may wait at a time, over all gateways. */
export interface PendingBound {
  readonly max: number;
  /** The time, by which those that have timed out do not count. */
  readonly at: number;
  readonly refusal: () => Error;
}

/** @throws too_many_pending, before anything is recorded, when as many wait as may */
export async function refuseTooMany(core: Core, requester: string): Promise<void> {
  const max = core.rules.pendingPerPrincipal;
  const pending = await reading(core.store.requests({ requester, state: "pending", limit: max + 1 }));
  // A request that has timed out, but is not stored as such yet, does not count.
  const waiting = pending.filter(
    (request) => (request.waitsUntil ?? Number.POSITIVE_INFINITY) > core.clock.wall(),
  );
  if (waiting.length >= max) throw tooManyPending(max);
}

/** What the store must refuse that this process has looked at already: another gateway may keep one at the same time. */
export function pendingBound(core: Core, request: AccessRequest): PendingBound | undefined {
  if (request.state !== "pending" || request.breakGlass === true) return undefined;
  const max = core.rules.pendingPerPrincipal;
  return { max, at: core.clock.wall(), refusal: () => tooManyPending(max) };
}

function tooManyPending(max: number): MayflyError {
  return new MayflyError("too_many_pending", `${max} of your requests are waiting for approval already`, {
    status: 429,
    hint: "withdraw one, or wait until one is decided",
  });
}
