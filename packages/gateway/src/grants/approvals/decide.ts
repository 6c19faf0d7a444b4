import { newId } from "../../kernel/ids.ts";
import { writeOrLook } from "../lifecycle/activate.ts";
import { activate } from "./outcome.ts";
import { knownPaths } from "../requests/closed-paths.ts";
import { readComment } from "../requests/read-input.ts";
import { close, notPending, unchanged } from "../requests/close.ts";
import type { Core } from "../core.ts";
import { conflict, notFound, reading, storeUnavailable } from "../errors.ts";
import type { Actor, Allow } from "../grants.ts";
import { type PathFacts, pathsNow, planOfPart, requireKnown, sameAsked } from "./re-evaluate.ts";
import { decidedBy, namedPerson, samePerson } from "./people.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { requestRecord, write } from "../durability/records.ts";
import { readAllow, requireFreshSignIn, reviewable } from "./preconditions.ts";
import { allowedBy, countedRefusals, countedApprovals } from "../requests/review-sheet.ts";
import type { AccessRequest, Allowed, Approval } from "../types.ts";

function approvalOf(
  core: Core,
  reviewer: Actor,
  request: AccessRequest,
  said: { readonly decision: Approval["decision"]; readonly comment: string; readonly allowed?: Allowed },
): Approval {
  return {
    id: newId("apr"),
    reviewer: namedPerson(reviewer),
    ...said,
    digest: request.digest,
    at: core.clock.wall(),
  };
}

/** The record of one decision, by its reviewer. */
async function recordDecision(
  core: Core,
  reviewer: Actor,
  request: AccessRequest,
  approval: Approval,
  needed: number,
): Promise<void> {
  const { allowed, decision } = approval;
  const before = decision === "approve" ? countedApprovals(request) : countedRefusals(request);
  const detail = {
    decision,
    approval: approval.id,
    comment: approval.comment,
    digest: approval.digest,
    ...(allowed === undefined ? {} : { allowed: { operations: allowed.operations, ttl_ms: allowed.ttl } }),
    given: before.length + 1,
    of: needed,
  };
  const by = recordPrincipal(reviewer);
  await write(
    core.log,
    [requestRecord("approval.given", request, core.rules.configuration, detail, by)],
    unchanged,
  );
}

/**
 * Stores a decision.
 * @throws store_unavailable; already_decided when it was too late
 */
async function keep(core: Core, request: AccessRequest, approval: Approval): Promise<void> {
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

/** The request after a decision was kept. @throws not_pending when it ended meanwhile */
async function after(core: Core, id: string): Promise<AccessRequest> {
  const now = await reading(core.store.request(id));
  if (now?.state !== "pending") throw now === undefined ? notFound("request", id) : notPending(now);
  return now;
}

/**
 * Checks that an approval fits the earlier ones, and the policies.
 * @throws nothing_in_common, not_permitted
 */
function requireFitting(
  core: Core,
  request: AccessRequest,
  approval: Approval,
  paths: PathFacts | undefined,
): void {
  if (
    approval.allowed === undefined &&
    countedApprovals(request).every(({ allowed }) => allowed === undefined)
  )
    return;
  const part = allowedBy(request, [...countedApprovals(request), approval]);
  if (part.operations.length === 0) {
    throw conflict(
      "nothing_in_common",
      "no operation that you allow is allowed by those who approved before",
      "read the request again, and allow what they did, or refuse",
    );
  }
  if (planOfPart(core.rules, request, part, paths) === undefined) {
    throw conflict(
      "not_permitted",
      "the policies do not permit that part alone",
      "allow more of it, or refuse",
    );
  }
}

/**
 * A retry must repeat the stored decision, since the grant will be for that.
 * @throws already_decided
 */
function requireSame(request: AccessRequest, reviewer: Actor, allowed: Allowed | undefined): void {
  const kept = request.approvals.find((one) => samePerson(one.reviewer, reviewer))?.allowed;
  if (kept?.ttl === allowed?.ttl && kept?.operations.join("\n") === allowed?.operations.join("\n")) {
    return;
  }
  throw conflict(
    "already_decided",
    "you have approved this request before, and allowed something else",
    "allow the same to try again, or refuse",
  );
}

/** Refreshes the requester's owners and groups before anybody's approval is judged by them. */
async function learn(core: Core, id: string): Promise<void> {
  if (core.rules.learn === undefined) return;
  const request = await reading(core.store.request(id));
  if (request?.state === "pending") await core.rules.learn(request.requester);
}

/**
 * Of a request that is for one host: its paths must still be known to be closed, by the last probe and lately enough.
 * @returns what is known of them now; undefined where no policy asks
 * @throws request_void; store_unavailable
 */
async function requirePathsClosed(core: Core, request: AccessRequest): Promise<PathFacts | undefined> {
  if (request.paths === undefined) return undefined;
  const known = await knownPaths(core, request, request.paths.from);
  if (known === undefined) return undefined;
  const now = pathsNow(core.rules, request, known, core.clock.wall());
  if (typeof now !== "string") return now;
  const reason = `the direct paths of its host are not known to be closed any more: ${now}`;
  await close(core, request, { event: "void", reason });
  throw conflict("request_void", `request ${request.id} is void: ${reason}`, "it has to be asked again");
}

/** Records one approval. The last required one makes the grant. */
export async function approveRequest(
  core: Core,
  reviewer: Actor,
  id: string,
  digest: string,
  comment: string,
  allow?: Allow,
): Promise<AccessRequest> {
  const said = readComment(comment);
  return core.mutex(`request ${id}`, async () => {
    await learn(core, id);
    const request = await reviewable(core, reviewer, id, digest, "approve");
    const allowed = readAllow(request, allow);
    requireKnown(core.rules, request);
    if (!sameAsked(core.rules, request)) {
      const reason = "the configuration has changed since it was asked";
      await close(core, request, { event: "void", reason });
      throw conflict("request_void", `request ${id} is void: ${reason}`, "it has to be asked again");
    }
    const paths = await requirePathsClosed(core, request);
    requireFreshSignIn(core, reviewer, request);
    const count = request.approval?.count ?? 1;
    if (decidedBy(request, reviewer)) {
      // A stored approval whose grant failed, because log or store was away, may be retried.
      if (countedApprovals(request).length >= count) {
        requireSame(request, reviewer, allowed);
        return activate(core, request, paths);
      }
      throw conflict(
        "already_decided",
        "you have decided this request before",
        "others have to decide it too",
      );
    }
    const approval = approvalOf(core, reviewer, request, {
      decision: "approve",
      comment: said,
      ...(allowed === undefined ? {} : { allowed }),
    });
    requireFitting(core, request, approval, paths);
    await recordDecision(core, reviewer, request, approval, count);
    await keep(core, request, approval);
    const now = await after(core, id);
    return countedApprovals(now).length >= count ? activate(core, now, paths) : now;
  });
}

/** Records one refusal. The last required one, the first unless the policy says otherwise, ends the request. */
export async function refuseRequest(
  core: Core,
  reviewer: Actor,
  id: string,
  digest: string,
  comment: string,
): Promise<AccessRequest> {
  const said = readComment(comment);
  return core.mutex(`request ${id}`, async () => {
    const request = await reviewable(core, reviewer, id, digest, "refuse");
    const approval = approvalOf(core, reviewer, request, { decision: "refuse", comment: said });
    const needed = request.approval?.refusals ?? 1;
    // A refusal that ends the request may follow the reviewer's own approval; one of several may not, because a person
    // counts once.
    if (needed > 1 && decidedBy(request, reviewer)) {
      throw conflict("already_decided", "you have decided this request before", "others have to decide it");
    }
    await recordDecision(core, reviewer, request, approval, needed);
    if (!decidedBy(request, reviewer)) await keep(core, request, approval);
    const now = await after(core, id);
    const noes = countedRefusals(now);
    if (needed > 1 && noes.length < needed) return now;
    const detail = { decision: "refuse", approval: approval.id, comment: said, digest };
    const by = needed === 1 ? reviewer.name : noes.map((one) => one.reviewer.name).join(", ");
    const reason = `refused by ${by}${said === "" ? "" : `: ${said}`}`;
    const principal = recordPrincipal(reviewer);
    const moved = await close(core, now, { event: "refuse", reason }, { principal, detail });
    const ended = (await reading(core.store.request(id))) ?? now;
    // Another gateway's refusal ended it just as well.
    if (!moved && ended.state !== "refused") throw notPending(ended);
    return ended;
  });
}
