import { deadlineAfter } from "../kernel/clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { bringUp, grantOf, retract, undo, writeOrLook } from "./activation.ts";
import { readComment } from "./ask.ts";
import { activatedDetail } from "./asking.ts";
import { close, closeBySystem, isOver, notPending, timedOut, unchanged } from "./closing.ts";
import type { Core } from "./core.ts";
import { conflict, lockedDown, notFound, reading, storeUnavailable } from "./errors.ts";
import type { Actor } from "./grants.ts";
import { maySeeRequest, requireReviewer, samePerson } from "./people.ts";
import { sameAsked } from "./judged-again.ts";
import { grantRecord, recordPrincipal, requestRecord, system, write } from "./records.ts";
import { requestMachine } from "./states.ts";
import type { AccessRequest, Approval } from "./types.ts";

/** Reads a request that a reviewer wants to decide, and checks all that must hold before either answer. */
async function reviewable(core: Core, reviewer: Actor, id: string, digest: string): Promise<AccessRequest> {
  const request = await reading(core.store.request(id));
  if (request === undefined || !maySeeRequest(reviewer, request)) throw notFound("request", id);
  if (request.state !== "pending") throw notPending(request);
  requireReviewer(reviewer, request);
  // Nor on the side of whom the configuration names as the requester's owner by now.
  const requester = core.rules.current?.(request.requester);
  if (requester !== undefined) requireReviewer(reviewer, { ...request, requester });
  if (core.locked !== undefined) throw lockedDown(core.locked.reason);
  if (isOver(core, request)) {
    await closeBySystem(core, request, timedOut);
    throw conflict("timed_out", `request ${id} has waited too long`, "it has to be asked again");
  }
  const refusal = request.approvals.find((one) => one.decision === "refuse");
  if (refusal !== undefined) {
    // Its refusal was kept and the request's end was not, for want of the store.
    throw notPending(
      await close(core, request, { event: "refuse", reason: `refused by ${refusal.reviewer.name}` }),
    );
  }
  if (digest !== request.digest) {
    throw conflict(
      "digest_mismatch",
      "the digest is not that of this request",
      "read the request again and decide what you then see",
    );
  }
  return request;
}

function approvalOf(
  core: Core,
  reviewer: Actor,
  request: AccessRequest,
  decision: Approval["decision"],
  comment: string,
): Approval {
  return {
    id: newId("apr"),
    reviewer: { issuer: reviewer.issuer, subject: reviewer.subject, name: reviewer.name },
    decision,
    comment,
    digest: request.digest,
    at: core.clock.wall(),
  };
}

/** The yeses that count: one of each person, however the login is written. */
function yesesOf(request: AccessRequest): readonly Approval[] {
  const yeses = request.approvals.filter(
    (one) => one.decision === "approve" && one.digest === request.digest,
  );
  return yeses.filter(
    (one, at) => yeses.findIndex((other) => samePerson(other.reviewer, one.reviewer)) === at,
  );
}

function decidedBy(request: AccessRequest, reviewer: Actor): boolean {
  return request.approvals.some((one) => samePerson(one.reviewer, reviewer));
}

/** One reviewer's yes. The last that is needed makes the grant. */
export async function approve(
  core: Core,
  reviewer: Actor,
  id: string,
  digest: string,
  comment: string,
): Promise<AccessRequest> {
  const said = readComment(comment);
  return core.mutex(`request ${id}`, async () => {
    const request = await reviewable(core, reviewer, id, digest);
    if (!sameAsked(core.rules, request)) {
      const reason = "the configuration has changed since it was asked";
      await closeBySystem(core, request, { event: "void", reason });
      throw conflict("request_void", `request ${id} is void: ${reason}`, "it has to be asked again");
    }
    const count = request.approval?.count ?? 1;
    if (decidedBy(request, reviewer)) {
      // A yes that was kept, but whose grant failed for want of log or store, may be tried again.
      if (yesesOf(request).length >= count) return activate(core, request);
      throw conflict(
        "already_decided",
        "you have decided this request before",
        "others have to decide it too",
      );
    }
    const approval = approvalOf(core, reviewer, request, "approve", said);
    const detail = { decision: "approve", approval: approval.id, comment: said, digest, of: count };
    await write(
      core.log,
      [requestRecord("approval.given", request, core.rules.configuration, detail, recordPrincipal(reviewer))],
      unchanged,
    );
    await add(core, request, approval);
    const now = await reading(core.store.request(id));
    if (now?.state !== "pending") throw now === undefined ? notFound("request", id) : notPending(now);
    return yesesOf(now).length >= count ? activate(core, now) : now;
  });
}

async function add(core: Core, request: AccessRequest, approval: Approval): Promise<void> {
  const result = await writeOrLook(
    () => core.store.addApproval(request.id, approval),
    async () =>
      (await core.store.request(request.id))?.approvals.some((one) => one.id === approval.id) ?? false,
  );
  if ("failed" in result)
    throw storeUnavailable(result.failed, "your decision may not have been kept; decide again");
  if ("answer" in result && !result.answer) {
    throw conflict(
      "already_decided",
      "the request was decided, or you decided it, a moment ago",
      "read it again",
    );
  }
}

/** Makes the grant of a request that has all its approvals: recorded, then stored, then live. */
async function activate(core: Core, request: AccessRequest): Promise<AccessRequest> {
  if (core.locked !== undefined) throw lockedDown(core.locked.reason);
  // Approvals took their time: look once more.
  if (isOver(core, request)) {
    await closeBySystem(core, request, timedOut);
    throw conflict("timed_out", `request ${request.id} has waited too long`, "it has to be asked again");
  }
  const grant = grantOf(core, newId("gr"), request);
  const deadline = deadlineAfter(core.clock, request.ttl);
  const change = {
    state: requestMachine.after("pending", "approve"),
    decidedAt: grant.activatedAt,
    grant: grant.id,
    reasons: [
      ...request.reasons,
      `approved by ${yesesOf(request)
        .map((one) => one.reviewer.name)
        .join(", ")}`,
    ],
  };
  const approved: AccessRequest = { ...request, ...change };
  const { configuration } = core.rules;
  const by = yesesOf(request).map((one) => one.reviewer.subject);
  await write(
    core.log,
    [
      requestRecord("request.approved", approved, configuration, { by, digest: request.digest }, system),
      grantRecord("grant.activated", grant, configuration, activatedDetail(grant.endsAt, request.ttl)),
    ],
    "your approval is kept and the grant is not active; approve again to try again",
    () => retract(core, approved, grant, "the log did not confirm it in time"),
  );
  const result = await writeOrLook(
    () => core.store.moveRequest(request.id, "pending", change, grant),
    async () => (await core.store.request(request.id))?.grant === grant.id,
  );
  if ("failed" in result) {
    if (result.failed instanceof MayflyError) {
      retract(core, approved, grant, result.failed.message);
      throw result.failed;
    }
    undo(core, grant, "the store did not confirm it");
    throw storeUnavailable(result.failed, "the grant is not active; approve again to try again");
  }
  if ("answer" in result && !result.answer) {
    retract(core, approved, grant, "the request was decided elsewhere");
    const now = await reading(core.store.request(request.id));
    throw notPending(now ?? approved);
  }
  core.live.forget(request.id);
  bringUp(core, grant, approved, deadline);
  return approved;
}

/** One reviewer's no, which ends the request, also after their own yes. */
export async function refuse(
  core: Core,
  reviewer: Actor,
  id: string,
  digest: string,
  comment: string,
): Promise<AccessRequest> {
  const said = readComment(comment);
  return core.mutex(`request ${id}`, async () => {
    const request = await reviewable(core, reviewer, id, digest);
    const approval = approvalOf(core, reviewer, request, "refuse", said);
    const reason = `refused by ${reviewer.name}${said === "" ? "" : `: ${said}`}`;
    const detail = { decision: "refuse", approval: approval.id, comment: said, digest };
    const record = requestRecord(
      "request.refused",
      request,
      core.rules.configuration,
      detail,
      recordPrincipal(reviewer),
    );
    await write(core.log, [record], unchanged);
    // Kept for the reader; the move below decides, also when they had said yes before.
    if (!decidedBy(request, reviewer)) await add(core, request, approval);
    return close(core, request, { event: "refuse", reason });
  });
}
