import { deadlineAt, remaining } from "../kernel/clock.ts";
import type { MayflyError } from "../kernel/errors.ts";
import { writeOrLook } from "./activation.ts";
import type { Core } from "./core.ts";
import { conflict, forbidden, notFound, reading, storeUnavailable } from "./errors.ts";
import type { Actor } from "./grants.ts";
import { holds, maySeeRequest, owns } from "./people.ts";
import { requestRecord, system, write } from "./records.ts";
import { requestMachine, type RequestEvent } from "./states.ts";
import type { AccessRequest } from "./types.ts";

/** What a reader must know when the log could not take a record. */
export const unchanged = "nothing has changed";

/** How a pending request ends without a grant. */
interface Closing {
  readonly event: Exclude<RequestEvent, "approve" | "deny" | "permit" | "hold">;
  readonly reason: string;
}

/**
 * Closes a pending request on behalf of Mayfly: time-out, lock-down, changed rules. The store is moved first and the
 * record follows only when this gateway moved it, so that several gateways do not each record the same end.
 * @returns whether it was this call that closed it
 * @throws store_unavailable: nothing has changed; log_unavailable: closed, and the record follows
 */
export async function closeBySystem(core: Core, request: AccessRequest, closing: Closing): Promise<boolean> {
  const state = requestMachine.after("pending", closing.event);
  const decidedAt = core.clock.wall();
  const moved = await reading(
    core.store.moveRequest(request.id, "pending", { state, decidedAt, reasons: [closing.reason] }),
  );
  core.live.forget(request.id);
  if (moved) {
    const type = state === "timed_out" ? "request.timed_out" : "request.refused";
    const detail = { event: closing.event, reason: closing.reason, at: new Date(decidedAt).toISOString() };
    const record = requestRecord(type, request, core.rules.configuration, detail, system);
    core.changed(request.id);
    const later = "the request has ended, and this will be recorded later";
    await core.outbox.add(() => write(core.log, [record], later));
  }
  core.changed(request.id);
  return moved;
}

/** What is said of a request that nobody answered. */
export const timedOut: Closing = { event: "time_out", reason: "nobody decided it in time; ask again" };

/** Whether a pending request has waited its time out, on either clock. */
export function isOver(core: Core, request: AccessRequest): boolean {
  const within = request.approval?.within ?? 0;
  const deadline =
    core.live.deadlineOf(request.id) ??
    deadlineAt(core.clock, request.waitsUntil ?? request.createdAt, within);
  return remaining(core.clock, deadline) <= 0 || core.clock.wall() >= (request.waitsUntil ?? 0);
}

/** Somebody was faster. */
export function notPending(request: AccessRequest): MayflyError {
  return conflict(
    "not_pending",
    `request ${request.id} is ${request.state} already`,
    "nothing is left to decide",
  );
}

/** The requester gives up. */
export async function withdraw(core: Core, actor: Actor, id: string): Promise<AccessRequest> {
  return core.mutex(`request ${id}`, async () => {
    const request = await reading(core.store.request(id));
    if (request === undefined || !maySeeRequest(actor, request)) throw notFound("request", id);
    if (!owns(actor, request)) {
      throw forbidden(
        "only the requester withdraws a request",
        holds(actor, "reviewer") ? "a reviewer refuses it instead" : "ask its requester",
      );
    }
    if (request.state === "withdrawn") return request;
    if (request.state !== "pending") throw notPending(request);
    const reason = "withdrawn by its requester";
    await write(
      core.log,
      [requestRecord("request.withdrawn", request, core.rules.configuration, { reason })],
      unchanged,
    );
    return close(core, request, { event: "withdraw", reason });
  });
}

/** Moves a recorded end into the store, and answers with what is there now. */
export async function close(core: Core, request: AccessRequest, closing: Closing): Promise<AccessRequest> {
  const change = {
    state: requestMachine.after("pending", closing.event),
    decidedAt: core.clock.wall(),
    reasons: [closing.reason],
  };
  const result = await writeOrLook(
    () => core.store.moveRequest(request.id, "pending", change),
    async () => (await core.store.request(request.id))?.state === change.state,
  );
  if ("failed" in result)
    throw storeUnavailable(result.failed, "the request may still be pending; try again");
  const now = (await reading(core.store.request(request.id))) ?? request;
  if ("answer" in result && !result.answer) throw notPending(now);
  core.live.forget(request.id);
  core.changed(request.id);
  return now;
}
