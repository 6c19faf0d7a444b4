import type { Clock } from "../kernel/clock.ts";
import type { Core } from "./core.ts";
import type { Actor } from "./grants.ts";
import { recordPrincipal, requestRecord } from "./records.ts";
import type { AccessRequest } from "./types.ts";

/** How often decisions that were not allowed are recorded. */
export interface Refusals {
  /** @returns how many were left out before this one, or undefined when it is to be left out too */
  take(who: string): number | undefined;
}

/** One person's: so many at once, and one more each time so many milliseconds have passed. */
const burst = 5;
const every = 60_000;
/** All people together. */
const burstOfAll = 50;
const everyOfAll = 10_000;
/** People remembered; the longest unseen is forgotten first. */
const remembered = 1000;

interface Bucket {
  left: number;
  at: number;
}

/** Makes the counter. A flood of decisions that are not allowed cannot fill the log. */
export function createRefusals(clock: Clock): Refusals {
  const people = new Map<string, Bucket>();
  const all: Bucket = { left: burstOfAll, at: clock.monotonic() };
  let leftOut = 0;
  const refill = (bucket: Bucket, most: number, pace: number): void => {
    const now = clock.monotonic();
    bucket.left = Math.min(most, bucket.left + (now - bucket.at) / pace);
    bucket.at = now;
  };
  return {
    take(who) {
      const mine = people.get(who) ?? { left: burst, at: clock.monotonic() };
      people.delete(who);
      people.set(who, mine);
      for (const oldest of people.keys()) {
        if (people.size <= remembered) break;
        people.delete(oldest);
      }
      refill(mine, burst, every);
      refill(all, burstOfAll, everyOfAll);
      if (mine.left < 1 || all.left < 1) {
        leftOut += 1;
        return undefined;
      }
      mine.left -= 1;
      all.left -= 1;
      const before = leftOut;
      leftOut = 0;
      return before;
    },
  };
}

/**
 * Records that somebody tried to decide a request and was not allowed to. It permits nothing, so nobody waits for it,
 * and a log that cannot take it changes nothing.
 */
export function recordRefusal(
  core: Core,
  reviewer: Actor,
  request: AccessRequest,
  decision: "approve" | "refuse",
  why: string,
): void {
  const leftOut = core.refusals.take(JSON.stringify([reviewer.issuer, reviewer.subject, reviewer.client]));
  if (leftOut === undefined) return;
  const detail = {
    // Not `decision`: nothing was decided, and whoever searches for a yes must not find this.
    tried: decision,
    why,
    ...(leftOut === 0 ? {} : { left_out_before: leftOut }),
  };
  const record = requestRecord(
    "approval.refused_to",
    request,
    core.rules.configuration,
    detail,
    recordPrincipal(reviewer),
  );
  try {
    core.log.append(record);
    core.log.sync().catch(() => undefined);
  } catch {
    // Nothing was permitted.
  }
}
