import type { RecordType } from "../../audit/records.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import type { Core } from "../core.ts";
import { whileCounted } from "../durability/progress.ts";
import { writeBoth } from "../durability/write-both.ts";
import { begunDetail, grantRecord } from "../durability/records.ts";
import { grantMachine, type GrantEvent } from "../states.ts";
import type { Grant, GrantEnd, GrantState } from "../types.ts";

type EndEvent = Exclude<GrantEvent, "activate">;
type EndState = Exclude<GrantState, "active">;

const recordOf: Readonly<Record<EndState, RecordType>> = {
  expired: "grant.expired",
  released: "grant.released",
  revoked: "grant.revoked",
};

/** How an end is recorded. */
export interface Ending {
  readonly event: EndEvent;
  /** Who ended it, by subject, or which part of Mayfly. */
  readonly by: string;
  /** For people to read. */
  readonly reason: string;
  /** False for a grant that was recorded and never could be used. */
  readonly wasActive?: false;
  /** Called when the store holds no active grant of that id; while it rejects, the end is not taken for stored. */
  readonly unlessEnded?: () => Promise<void>;
  /** What whoever waits must know when it could not be written yet; left out: that the grant has ended. */
  readonly followed?: string;
}

/**
 * An expiry with this much time left on the monotonic clock came from a step of the wall clock, not from a late timer;
 * milliseconds.
 */
const TOLD_LEFT_MS = 5000;

/**
 * The text of an expiry. Where the wall clock reached the deadline long before the monotonic one, the text says so: the
 * grant had less time than its terms promised.
 */
export function expiry(grant: Grant, deadline: Deadline, clock: Clock): Ending {
  const term = formatDuration(grant.endsAt - grant.activatedAt);
  const left = deadline.monotonic - clock.monotonic();
  const early =
    left <= TOLD_LEFT_MS
      ? ""
      : ` by the wall clock, which was set ahead, or the machine suspended: ${formatDuration(left)} were left of it`;
  return { event: "expire", by: "deadline", reason: `grant ${grant.id} expired after ${term}${early}` };
}

/** How long an ended grant is remembered past its deadline, milliseconds: longer than any call to a store takes. */
const REMEMBER_MS = 60_000;

/**
 * Ends a grant. Everything that ends one comes through here: deadline, release, revocation, lock-down, a withdrawn
 * identity, a reload, a store that gave no answer.
 *
 * Ending never waits and never fails: before this function first awaits, the grant is out of memory and its signal
 * has aborted. Record and store follow, each tried again until it succeeds; the record is appended before the store
 * is told. A second call changes nothing and waits for the first. Of several gateways that hold the grant, each ends
 * and records its own hold on it, at the deadline for example; the store keeps the first end.
 * @param grant as stored, for one that is not live here
 * @returns the grant as it ended
 * @throws log_unavailable, store_unavailable when either could not be reached yet; the grant has ended all the same
 */
export function end(core: Core, grant: Grant, ending: Ending): Promise<Grant> {
  return whileCounted(core, () => endNow(core, grant, ending));
}

async function endNow(core: Core, grant: Grant, ending: Ending): Promise<Grant> {
  const before = core.endedHere.get(grant.id);
  if (before !== undefined) {
    await before.done.catch(async (error: unknown) => {
      await core.outbox.retry();
      if (before.left() > 0) throw error;
    });
    return before.grant;
  }
  const state = grantMachine.after("active", ending.event) as EndState;
  const why: GrantEnd = { state, words: ending.reason };
  const verifier = core.live.remove(grant.id, why)?.verifier ?? grant.verifier;
  const change = { state, endedAt: core.clock.wall(), endedBy: ending.by, endReason: ending.reason };
  const ended: Grant = { ...grant, ...change };
  const both = writeBoth(core, {
    records: [
      grantRecord(recordOf[state], grant, core.rules.configuration, {
        event: ending.event,
        by: ending.by,
        reason: ending.reason,
        ended_at: new Date(change.endedAt).toISOString(),
        ...begunDetail(grant),
        ...(ending.wasActive === false ? { was_active: false } : {}),
      }),
    ],
    store: async (owedTo) => {
      if (await core.store.endGrant(grant.id, change, owedTo)) return;
      await ending.unlessEnded?.();
    },
    debt: { grant: grant.id },
    entry: {
      kind: "grant",
      grant: grant.id,
      state,
      event: ending.event,
      by: ending.by,
      reason: ending.reason,
      at: change.endedAt,
    },
    followed: ending.followed ?? "the grant has ended, and this will be recorded later",
  });
  const { done } = both;
  core.endedHere.set(grant.id, {
    grant: ended,
    verifier,
    done,
    left: both.left,
    until: untilOf(core, grant),
  });
  core.observer.ended(ending.event);
  core.changed(grant.request);
  await done;
  return ended;
}

function untilOf(core: Core, grant: Grant): number {
  return core.clock.monotonic() + Math.max(grant.endsAt - core.clock.wall(), 0) + REMEMBER_MS;
}

/** Ends a grant here that has ended elsewhere: nothing to record and nothing to store. */
export function endedElsewhere(core: Core, grant: Grant): void {
  if (grant.state === "active" || core.endedHere.has(grant.id)) return;
  const taken = core.live.remove(grant.id, {
    state: grant.state,
    words: grant.endReason ?? `grant ${grant.id} has ended`,
  });
  core.endedHere.set(grant.id, {
    grant,
    verifier: taken?.verifier ?? grant.verifier,
    done: Promise.resolve(),
    left: () => 0,
    until: untilOf(core, grant),
  });
  core.changed(grant.request);
}

/** Ends a grant without waiting: for timers. */
export function endSoon(core: Core, grant: Grant, ending: Ending): void {
  // What could not be written yet is in the outbox.
  end(core, grant, ending).catch(() => undefined);
}

/** Forgets ended grants whose deadline has long passed. */
export function forgetEnded(core: Core): void {
  const now = core.clock.monotonic();
  for (const [id, ended] of core.endedHere) if (ended.until <= now) core.endedHere.delete(id);
}
