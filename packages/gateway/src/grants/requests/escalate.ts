import { deadlineAfter, deadlineAt, type Deadline } from "../../kernel/clock.ts";
import type { Core } from "../core.ts";
import { requestRecord, system, write } from "../durability/records.ts";
import type { AccessRequest } from "../types.ts";

/** Watches a pending request that has just been made: when it times out, and when others may decide it as well. */
export function waitForPeople(core: Core, request: AccessRequest, until: Deadline): void {
  const after = request.approval?.escalate?.after;
  core.live.waitFor(request.id, until, after === undefined ? undefined : deadlineAfter(core.clock, after));
}

/** Watches a pending request that was read from the store. */
export function waitForPeopleAgain(core: Core, request: AccessRequest): void {
  const within = request.approval?.within ?? 0;
  const after = request.escalatedAt === undefined ? request.approval?.escalate?.after : undefined;
  core.live.waitFor(
    request.id,
    deadlineAt(core.clock, request.waitsUntil ?? request.createdAt, within),
    after === undefined ? undefined : deadlineAt(core.clock, request.createdAt + after, after),
  );
}

/**
 * A pending request has waited so long that others may decide it too. The store is marked first and the record
 * follows only when this gateway marked it, so that several gateways do not each record it.
 */
export function escalateSoon(core: Core, id: string): void {
  core.outbox
    .add(() =>
      core.mutex(`request ${id}`, async () => {
        const request = await core.store.request(id);
        const escalate = request?.approval?.escalate;
        if (request?.state !== "pending" || escalate === undefined || request.escalatedAt !== undefined)
          return;
        const at = core.clock.wall();
        if (!(await core.store.escalate(id, at))) return;
        const detail = { to: escalate.to, after_ms: escalate.after, at: new Date(at).toISOString() };
        const record = requestRecord("request.escalated", request, core.rules.configuration, detail, system);
        core.changed(id);
        core.outbox.add(() => write(core.log, [record], "")).catch(() => undefined);
      }),
    )
    .catch(() => undefined);
}
