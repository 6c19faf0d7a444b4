import { deadlineAfter } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { bringUp, grantOf, retract, undo, writeOrLook } from "../lifecycle/activate.ts";
import { activatedDetail } from "../requests/create.ts";
import { close, isOver, notPending } from "../requests/close.ts";
import type { Core } from "../core.ts";
import { conflict, lockedDown, reading, storeUnavailable } from "../errors.ts";
import { tooLong } from "../requests/until.ts";
import { type PathFacts, planOfPart, requireKnown } from "./re-evaluate.ts";
import { grantRecord, requestRecord, system, write } from "../durability/records.ts";
import { requestClosed } from "./preconditions.ts";
import { allowedBy, countedApprovals } from "../requests/review-sheet.ts";
import { requestMachine } from "../states.ts";
import type { AccessRequest, Allowed } from "../types.ts";

/** The part of a request that reviewers allowed, in words. */
function lessInWords(request: AccessRequest, part: Allowed): readonly string[] {
  const lessTime = part.ttl < request.ttl;
  const fewer = part.operations.length < request.operations.length;
  if (!lessTime && !fewer) return [];
  const names = part.operations.map((name) => `${request.connection}/${name}`).join(", ");
  return [`allowed: ${names} for ${formatDuration(part.ttl)}`];
}

/**
 * Makes the grant of a request that has all its approvals, for what all of them allow: recorded, then stored, then
 * live. Its time-to-live starts here.
 * @param paths what is known of the paths beside the gateway now, where a policy asks
 */
export async function activate(
  core: Core,
  request: AccessRequest,
  paths: PathFacts | undefined,
): Promise<AccessRequest> {
  if (core.locked !== undefined) throw lockedDown(core.locked.reason);
  // Approvals take time: check once more.
  if (isOver(core, request)) throw await requestClosed(core, request);
  requireKnown(core.rules, request);
  const yeses = countedApprovals(request);
  const part = allowedBy(request, yeses);
  const plan = planOfPart(core.rules, request, part, paths);
  const past = tooLong(core.rules, { ...request, ...part }, core.clock.wall(), part.ttl);
  if (plan === undefined || past !== undefined) {
    // Each approval fitted those before it; two that arrive at once through two gateways may not fit each other.
    const reason =
      past ?? "what its reviewers allowed has nothing in common that the policies permit; ask again";
    await close(core, request, { event: "void", reason });
    throw conflict("request_void", `request ${request.id} is void: ${reason}`, "it has to be asked again");
  }
  const granted = { ...part, policies: plan.policies };
  const grant = grantOf(core, newId("gr"), request, granted);
  const deadline = deadlineAfter(core.clock, part.ttl);
  const change = {
    state: requestMachine.after("pending", "approve"),
    decidedAt: grant.activatedAt,
    grant: grant.id,
    reasons: [
      ...request.reasons,
      `approved by ${yeses.map((one) => one.reviewer.name).join(", ")}`,
      ...lessInWords(request, part),
    ],
  };
  const approved: AccessRequest = { ...request, ...change };
  const { configuration } = core.rules;
  const detail = {
    by: yeses.map((one) => one.reviewer.subject),
    digest: request.digest,
    allowed: { operations: part.operations, ttl_ms: part.ttl },
    asked_at: new Date(request.createdAt).toISOString(),
  };
  await write(
    core.log,
    [
      requestRecord("request.approved", approved, configuration, detail, system),
      grantRecord("grant.activated", grant, configuration, activatedDetail(grant, part.ttl)),
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
  core.observer.decided(approved.state, change.decidedAt - request.createdAt);
  bringUp(core, grant, approved, deadline);
  return approved;
}
