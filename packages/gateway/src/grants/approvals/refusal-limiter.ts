import type { NewRecord } from "../../audit/records.ts";
import type { Clock } from "../../kernel/clock.ts";
import { limitedRecords, type LimitedRecords } from "../../kernel/limited-records.ts";
import type { Core } from "../core.ts";
import type { Actor } from "../grants.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { requestRecord } from "../durability/records.ts";
import type { AccessRequest } from "../types.ts";

/** The rate at which refused decisions are recorded: of one person, and of all people together. */
const EACH_PERSON = { perSecond: 1 / 60, burst: 5 };
const ALL_PEOPLE = { perSecond: 1 / 10, burst: 50 };

/** Makes the limiter. A flood of decisions that are not allowed cannot fill the log. */
export function createRefusalLimiter(clock: Clock): LimitedRecords {
  return limitedRecords(clock, EACH_PERSON, ALL_PEOPLE);
}

/**
 * Records a refused decision unless the rate is exceeded. It permits nothing, so nobody waits for it, and a log that
 * cannot take it changes nothing.
 */
export function recordLimited(
  core: Core,
  actor: Actor,
  recordOf: (leftOut: { readonly left_out_before?: number }) => NewRecord,
): void {
  try {
    core.refusals.record(JSON.stringify([actor.issuer, actor.subject, actor.client]), (leftOut) => {
      core.log.append(recordOf(leftOut === 0 ? {} : { left_out_before: leftOut }));
      core.log.sync().catch(() => undefined);
    });
  } catch {
    // Nothing was permitted.
  }
}

/** Records that somebody tried to decide a request and was not allowed to. */
export function recordRefusal(
  core: Core,
  reviewer: Actor,
  request: AccessRequest,
  decision: "approve" | "refuse" | "review",
  why: string,
): void {
  recordLimited(core, reviewer, (leftOut) =>
    requestRecord(
      "approval.refused_to",
      request,
      core.rules.configuration,
      // Not `decision`: nothing was decided, and a search for approvals must not find this.
      { tried: decision, why, ...leftOut },
      recordPrincipal(reviewer),
    ),
  );
}
