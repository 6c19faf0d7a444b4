import type { RecordType } from "../audit/records.ts";
import { formatDuration } from "../kernel/durations.ts";
import type { Core } from "./core.ts";
import { storeUnavailable } from "./errors.ts";
import { grantRecord, write } from "./records.ts";
import { grantMachine, type GrantEvent } from "./states.ts";
import type { Grant, GrantEnd, GrantState } from "./types.ts";

type EndEvent = Exclude<GrantEvent, "activate">;
type EndState = Exclude<GrantState, "active">;

const recordOf: Readonly<Record<EndState, RecordType>> = {
  expired: "grant.expired",
  released: "grant.released",
  revoked: "grant.revoked",
};

/** How an end is told. */
export interface Ending {
  readonly event: EndEvent;
  /** Who ended it, by subject, or which part of Mayfly. */
  readonly by: string;
  /** For people to read. */
  readonly reason: string;
}

/** The text of an expiry. */
export function expiry(grant: Grant): Ending {
  const term = formatDuration(grant.endsAt - grant.activatedAt);
  return { event: "expire", by: "deadline", reason: `grant ${grant.id} expired after ${term}` };
}

/** How long an ended grant is remembered past its deadline, milliseconds: longer than any call to a store takes. */
const memory = 60_000;

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
export async function end(core: Core, grant: Grant, ending: Ending): Promise<Grant> {
  const before = core.endedHere.get(grant.id);
  if (before !== undefined) {
    await before.done.catch(async (error: unknown) => {
      await core.outbox.retry();
      if (before.left() > 0) throw error;
    });
    return before.grant;
  }
  const state = grantMachine.after("active", ending.event) as EndState;
  const why: GrantEnd = { state, reason: ending.reason };
  const verifier = core.live.take(grant.id, why)?.verifier ?? grant.verifier;
  const change = { state, endedAt: core.clock.wall(), endedBy: ending.by, endReason: ending.reason };
  const ended: Grant = { ...grant, ...change };
  const record = grantRecord(recordOf[state], grant, core.rules.configuration, {
    event: ending.event,
    by: ending.by,
    reason: ending.reason,
    ended_at: new Date(change.endedAt).toISOString(),
  });
  const followed = "the grant has ended, and this will be recorded later";
  let left = 2;
  const recorded = core.outbox.add(async () => {
    await write(core.log, [record], followed);
    left--;
  });
  const stored = core.outbox.add(async () => {
    try {
      await core.store.endGrant(grant.id, change);
    } catch (error) {
      throw storeUnavailable(error, followed);
    }
    left--;
  });
  const done = Promise.all([recorded, stored]).then(() => undefined);
  // Whoever does not await this one must not crash the process: the outbox goes on trying.
  done.catch(() => undefined);
  core.endedHere.set(grant.id, {
    grant: ended,
    verifier,
    done,
    left: () => left,
    until: untilOf(core, grant),
  });
  core.changed(grant.request);
  await Promise.allSettled([recorded, stored]);
  await done;
  return ended;
}

function untilOf(core: Core, grant: Grant): number {
  return core.clock.monotonic() + Math.max(grant.endsAt - core.clock.wall(), 0) + memory;
}

/** Ends a grant here that has ended elsewhere: nothing to record and nothing to store. */
export function endedElsewhere(core: Core, grant: Grant): void {
  if (grant.state === "active" || core.endedHere.has(grant.id)) return;
  const taken = core.live.take(grant.id, {
    state: grant.state,
    reason: grant.endReason ?? `grant ${grant.id} has ended`,
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
