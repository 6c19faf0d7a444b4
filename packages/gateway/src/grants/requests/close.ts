import { deadlineAt, remaining } from "../../kernel/clock.ts";
import type { RecordPrincipal, RecordType } from "../../audit/records.ts";
import type { MayflyError } from "../../kernel/errors.ts";
import { STORE_SETTLED_MS, writeOrLook } from "../lifecycle/activate.ts";
import type { Core } from "../core.ts";
import { conflict, forbidden, logUnavailable, notFound, reading, storeUnavailable } from "../errors.ts";
import type { Actor } from "../grants.ts";
import { holds, maySeeRequest, owns } from "../approvals/people.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { requestRecord, system, write } from "../durability/records.ts";
import { requestMachine, type RequestEvent } from "../states.ts";
import type { AccessRequest } from "../types.ts";

/** The message when the log could not take a record. */
export const unchanged = "nothing has changed";

const recordedLater = "the request has ended, and this will be recorded later";

/** How a pending request ends without a grant. */
interface Closing {
  readonly event: Exclude<RequestEvent, "approve" | "deny" | "permit" | "hold">;
  readonly reason: string;
}

/** Who closed it and what else its record says; left out: Mayfly itself. */
interface By {
  readonly principal: RecordPrincipal;
  readonly detail?: Parameters<typeof requestRecord>[3];
}

/**
 * Closes a pending request without a grant: a refusal, a withdrawal, a time-out, a lock-down, changed rules. The store
 * is moved first and the record follows only when this gateway moved it: of several ends that race through several
 * gateways one finds the request pending, and only that one is recorded.
 * @returns whether it was this call that closed it
 * @throws store_unavailable: it may still be pending; log_unavailable: closed, and the record follows
 */
export async function close(
  core: Core,
  request: AccessRequest,
  closing: Closing,
  by: By = { principal: system },
): Promise<boolean> {
  const state = requestMachine.after("pending", closing.event) as Closed;
  const change = { state, decidedAt: core.clock.wall(), reasons: [closing.reason] };
  const record = requestRecord(
    recordOf[state],
    request,
    core.rules.configuration,
    {
      event: closing.event,
      reason: closing.reason,
      at: new Date(change.decidedAt).toISOString(),
      asked_at: new Date(request.createdAt).toISOString(),
      ...by.detail,
    },
    by.principal,
  );
  const isOurs = async (): Promise<boolean> => {
    const now = await core.store.request(request.id);
    return now?.state === state && now.decidedAt === change.decidedAt && now.reasons[0] === closing.reason;
  };
  const ended = async (): Promise<void> => {
    core.observer.decided(state, change.decidedAt - request.createdAt);
    core.live.forget(request.id);
    core.changed(request.id);
    core.unrecorded.add(request.id);
    await core.outbox.add(async () => {
      await write(core.log, [record], recordedLater);
      core.unrecorded.delete(request.id);
      const { logId } = core;
      if (logId !== undefined)
        core.outbox.add(() => core.store.recorded(logId, { request: request.id })).catch(() => undefined);
    });
  };
  // Should this process end before its record is written, the next start finds in the store that the log lacks it.
  const move = (): Promise<boolean> =>
    core.store.moveRequest(request.id, "pending", change, undefined, core.logId);
  const result = await writeOrLook(move, isOurs);
  if ("failed" in result) {
    recordIfKept(core, request, isOurs, ended);
    throw storeUnavailable(result.failed, "the request may still be pending; try again");
  }
  const moved = "kept" in result || result.answer;
  if (moved) await ended();
  else {
    core.live.forget(request.id);
    core.changed(request.id);
  }
  return moved;
}

type Closed = "refused" | "withdrawn" | "timed_out";

const recordOf: Readonly<Record<Closed, RecordType>> = {
  refused: "request.refused",
  withdrawn: "request.withdrawn",
  timed_out: "request.timed_out",
};

/** The store did not say whether it took an end, and may take it still: looks until that is settled, and records it. */
function recordIfKept(
  core: Core,
  request: AccessRequest,
  isOurs: () => Promise<boolean>,
  ended: () => Promise<void>,
): void {
  const failedAt = core.clock.monotonic();
  let resolved = false;
  core.outbox
    .add(async () => {
      if (resolved) return;
      if (await isOurs()) {
        resolved = true;
        // Its record is in the box by itself from here on.
        ended().catch(() => undefined);
        return;
      }
      const { state } = (await core.store.request(request.id)) ?? { state: "denied" };
      if (state === "pending" && core.clock.monotonic() - failedAt < STORE_SETTLED_MS)
        throw new Error("not settled yet");
      resolved = true;
    })
    .catch(() => undefined);
}

/** The reason of a request that timed out. */
export const timedOut: Closing = { event: "time_out", reason: "nobody decided it in time; ask again" };

/** Whether a pending request has timed out, on either clock. */
export function isOver(core: Core, request: AccessRequest): boolean {
  const within = request.approval?.within ?? 0;
  const deadline =
    core.live.deadlineOf(request.id) ??
    deadlineAt(core.clock, request.waitsUntil ?? request.createdAt, within);
  return remaining(core.clock, deadline) <= 0 || core.clock.wall() >= (request.waitsUntil ?? 0);
}

/** The request is no longer pending, or timed out. */
export function notPending(request: AccessRequest): MayflyError {
  if (request.state === "timed_out") return waitedTooLong(request);
  return conflict(
    "not_pending",
    `request ${request.id} is ${request.state} already`,
    "nothing is left to decide",
  );
}

/** The request ended because nobody decided it in time. */
export function waitedTooLong({ id }: AccessRequest): MayflyError {
  return conflict("timed_out", `too late: request ${id} has waited too long`, "it has to be asked again");
}

/** Withdraws a request for its requester. */
export async function withdraw(core: Core, actor: Actor, id: string): Promise<AccessRequest> {
  return core.mutex(`request ${id}`, async () => {
    const request = await reading(core.store.request(id));
    if (request === undefined || !maySeeRequest(core.rules, actor, request)) throw notFound("request", id);
    if (!owns(actor, request)) {
      throw forbidden(
        "only the requester withdraws a request",
        holds(actor, "reviewer") ? "a reviewer refuses it instead" : "ask its requester",
      );
    }
    if (request.state === "withdrawn") {
      // A second try answers as the first one should have: once it is on record.
      if (core.unrecorded.has(id)) await core.outbox.retry();
      if (core.unrecorded.has(id)) throw logUnavailable(undefined, recordedLater);
      return request;
    }
    if (request.state !== "pending") throw notPending(request);
    const closing: Closing = { event: "withdraw", reason: "withdrawn by its requester" };
    const moved = await close(core, request, closing, { principal: recordPrincipal(actor) });
    const now = (await reading(core.store.request(id))) ?? request;
    if (!moved && now.state !== "withdrawn") throw notPending(now);
    return now;
  });
}
