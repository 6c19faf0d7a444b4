import { newId } from "../../kernel/ids.ts";
import { writeOrLook } from "../lifecycle/activate.ts";
import { liveEntry } from "../lifecycle/holder.ts";
import type { Core } from "../core.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { requestRecord, write } from "../durability/records.ts";
import { conflict, forbidden, notFound, reading, storeUnavailable } from "../errors.ts";
import type { Actor } from "../grants.ts";
import { unchanged } from "../requests/close.ts";
import { readNote } from "../requests/read-input.ts";
import type { AccessRequest, Review } from "../types.ts";
import { isEmergency, maySeeRequest, namedPerson, reviewedBy, whyNotReviewAfterwards } from "./people.ts";
import { recordRefusal } from "./refusal-limiter.ts";

/** Reads an emergency that somebody wants to review, and checks that they may and that it is over. */
async function overEmergency(core: Core, reviewer: Actor, id: string): Promise<AccessRequest> {
  const found = await reading(core.store.request(id));
  if (found === undefined || !maySeeRequest(core.rules, reviewer, found)) throw notFound("request", id);
  // A new owner of the agent is on its side too.
  await core.rules.learn?.(found.requester);
  const request = await reading(core.store.request(id));
  if (request === undefined || !maySeeRequest(core.rules, reviewer, request)) throw notFound("request", id);
  const why = whyNotReviewAfterwards(core.rules, reviewer, request);
  if (why !== undefined) {
    recordRefusal(core, reviewer, request, "review", why);
    throw forbidden(`you cannot review this: ${why}`, "another operator or reviewer has to");
  }
  if (!isEmergency(request) || request.grant === undefined)
    throw conflict(
      "no_emergency",
      `request ${id} took no access by breaking glass`,
      "only an emergency is reviewed afterwards; its acts are in the audit log",
    );
  const grant = await reading(core.store.grant(request.grant));
  if (grant?.state === "active")
    throw conflict(
      "still_active",
      `grant ${grant.id} is still active`,
      "review what was done once it has ended; an operator can revoke it",
    );
  if (reviewedBy(request, reviewer)) throw reviewedBefore();
  return request;
}

const reviewedBefore = (): Error =>
  conflict("already_reviewed", "you have reviewed this before", "somebody else may review it as well");

/** Why a person may not review an emergency now, for them to read; undefined when they may. */
export function whyNotReviewNow(core: Core, viewer: Actor, request: AccessRequest): string | undefined {
  const why = whyNotReviewAfterwards(core.rules, viewer, request);
  if (why !== undefined) return why;
  if (!isEmergency(request) || request.grant === undefined) return "it took no access by breaking glass";
  if (liveEntry(core, request.grant) !== undefined) return "its grant is still active";
  return reviewedBy(request, viewer) ? "you have reviewed it already" : undefined;
}

/** Records what a person found who looked at an emergency after its end, and keeps it with the request. */
export async function reviewEmergency(
  core: Core,
  reviewer: Actor,
  id: string,
  note: string,
): Promise<AccessRequest> {
  const said = readNote(note);
  return core.mutex(`request ${id}`, async () => {
    const request = await overEmergency(core, reviewer, id);
    const review: Review = {
      id: newId("rev"),
      reviewer: namedPerson(reviewer),
      note: said,
      at: core.clock.wall(),
    };
    const detail = { review: review.id, note: said };
    const { configuration } = core.rules;
    await write(
      core.log,
      [requestRecord("break_glass.reviewed", request, configuration, detail, recordPrincipal(reviewer))],
      unchanged,
    );
    const result = await writeOrLook(
      () => core.store.addReview(id, review),
      async () => (await core.store.request(id))?.reviews?.some((one) => one.id === review.id) ?? false,
    );
    if ("failed" in result)
      throw storeUnavailable(result.failed, "your review is in the audit log alone; review again");
    if ("answer" in result && !result.answer) throw reviewedBefore();
    return (await reading(core.store.request(id))) ?? request;
  });
}
