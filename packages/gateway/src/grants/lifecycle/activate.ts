import { remaining, type Deadline } from "../../kernel/clock.ts";
import type { Core } from "../core.ts";
import { endSoon, expiry } from "./end.ts";
import { stillAllowed, whyNoLonger } from "../approvals/re-evaluate.ts";
import { grantRecord, requestRecord, system, write } from "../durability/records.ts";
import type { AccessRequest, Allowed, Grant } from "../types.ts";

/**
 * How long a failed call to the store may still take effect, milliseconds: what is not stored by then will not be.
 * PostgreSQL is told to cancel a statement after 5 s.
 */
export const STORE_SETTLED_MS = 15_000;

/** What a grant is for. */
export function partOf(grant: Grant): Allowed {
  return { operations: grant.operations, ttl: grant.endsAt - grant.activatedAt };
}

/** The grant that a request would become; its time-to-live starts now. */
export function grantOf(
  core: Core,
  id: string,
  request: AccessRequest,
  part: Allowed & { readonly policies: readonly string[] } = request,
): Grant {
  const activatedAt = core.clock.wall();
  return {
    id,
    request: request.id,
    requester: request.requester,
    connection: request.connection,
    operations: part.operations,
    policies: part.policies,
    state: "active",
    activatedAt,
    endsAt: activatedAt + part.ttl,
    ...(request.paths === undefined ? {} : { from: request.paths.from }),
    ...(request.lease === undefined ? {} : { lease: request.lease }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
    askedAt: request.createdAt,
  };
}

/**
 * Makes a stored, recorded grant live, unless a lock-down, a reload or the deadline came between: then it ends at
 * once. Synchronous, so that nothing comes between these looks and the grant being live.
 */
export function bringUp(core: Core, grant: Grant, request: AccessRequest, deadline: Deadline): void {
  if (core.endedHere.has(grant.id) || core.live.get(grant.id) !== undefined) return;
  if (core.locked !== undefined) {
    endSoon(core, grant, {
      event: "lock_down",
      by: core.locked.by,
      reason: `lock-down: ${core.locked.reason}`,
    });
  } else if (!stillAllowed(core.rules, request, partOf(grant))) {
    // After a restart the provider's word may have come first: then it, and not the configuration, ended the grant.
    const withdrawn = core.rules.withdrawn?.(grant.requester);
    endSoon(
      core,
      grant,
      withdrawn === undefined
        ? {
            event: "change_rules",
            by: "configuration",
            reason: whyNoLonger(core.rules, request, partOf(grant)),
          }
        : { event: "withdraw_identity", by: "identity", reason: withdrawn },
    );
  } else if (remaining(core.clock, deadline) <= 0) {
    endSoon(core, grant, expiry(grant, deadline, core.clock));
  } else {
    core.live.add(grant, request, deadline);
  }
  core.changed(request.id);
}

/**
 * Ensures that a grant which was recorded, but not confirmed by the store, is never used: its end is recorded at once,
 * so that no start activates it, and stored as soon as the store accepts it, in case the store had taken the grant
 * after all.
 */
export function undo(core: Core, grant: Grant, why: string): void {
  const failedAt = core.clock.monotonic();
  endSoon(core, grant, {
    event: "undo",
    by: "mayfly",
    reason: why,
    wasActive: false,
    async unlessEnded() {
      if (core.clock.monotonic() - failedAt >= STORE_SETTLED_MS) return;
      if ((await core.store.grant(grant.id)) === undefined) throw new Error("not settled yet");
    },
  });
}

/** More retractions than this do not wait for a log that is away; a log that is away for long refuses appends anyway. */
const MAX_RETRACTIONS = 10_000;

/**
 * Records that an announced grant or request did not come to be: the store said no, or the log did not confirm that
 * it took the announcement.
 */
export function retract(core: Core, request: AccessRequest, grant: Grant | undefined, why: string): void {
  if (core.outbox.size > MAX_RETRACTIONS) return;
  const configuration = core.rules.configuration;
  const detail = { by: "mayfly", reason: why, stored: false };
  core.outbox
    .add(async () => {
      await write(
        core.log,
        grant === undefined
          ? [requestRecord("request.withdrawn", request, configuration, detail, system)]
          : [
              grantRecord("grant.revoked", grant, configuration, {
                ...detail,
                event: "undo",
                was_active: false,
              }),
            ],
        "",
      );
    })
    .catch(() => undefined);
}

/**
 * Writes to the store, and after a failure checks whether the write took effect all the same.
 * @returns the call's answer, `kept` when it failed but the store has it, or why it failed: then the store may still
 * keep it later
 */
export async function writeOrLook<T>(
  call: () => Promise<T>,
  look: () => Promise<boolean>,
): Promise<{ readonly answer: T } | { readonly kept: true } | { readonly failed: unknown }> {
  try {
    return { answer: await call() };
  } catch (error) {
    const kept = await look().catch(() => false);
    return kept ? { kept } : { failed: error };
  }
}
