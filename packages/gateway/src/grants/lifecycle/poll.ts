import { formatDuration } from "../../kernel/durations.ts";
import type { Core } from "../core.ts";
import { endedElsewhere, endSoon, forgetEnded } from "./end.ts";
import { createFollower, type GrantChange } from "./follow.ts";
import type { GrantRules } from "../grants.ts";
import { waitForPeopleAgain } from "../requests/escalate.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";
import type { LeaseSharing } from "../leases/sharing.ts";
import { readLockdown, sweep } from "./lockdown.ts";
import { createGrantReads, takeUp, type GrantReads } from "./take-up.ts";
import { close, timedOut } from "../requests/close.ts";
import { rejudge } from "../approvals/rejudge.ts";
import { reconcile } from "../durability/reconcile.ts";
import { createProgressKeeper } from "../durability/progress.ts";
import type { Trail } from "../durability/trail.ts";

/** How a gateway keeps up with others on the same store. */
export interface Polling {
  /** Milliseconds between looks. */
  readonly every: number;
  /** Milliseconds without a look after which nothing new is served. */
  readonly bound: number;
}

/** How often a gateway that does not poll forgets ended grants, milliseconds. */
const FORGET_INTERVAL_MS = 60_000;

/** Reads grants from the store and keeps up with it. */
export interface Watching {
  start(): Promise<void>;
  /** See `Grants.follow`. */
  follow(change: GrantChange): void;
  /** Looks up single grants that clients name, beside everything that is followed. */
  readonly reads: GrantReads;
  stop(): void;
  /** Says for the last time how things stand; after the last write. */
  stopKeeping(): Promise<void>;
  /** Why what has ended may not outlast this process. */
  readonly atRisk: string | undefined;
  readonly unavailable: string | undefined;
}

/** Takes up the store's active grants, and lets go of those that ended elsewhere. */
async function readGrants(core: Core, first: boolean): Promise<void> {
  const before = core.live.all();
  const stored = await core.store.grants({ state: "active", limit: MAX_STORED_ROWS });
  const active = new Set(stored.map((grant) => grant.id));
  for (const { grant } of before) {
    if (active.has(grant.id) || core.live.get(grant.id) === undefined) continue;
    const now = await core.store.grant(grant.id);
    if (now === undefined) {
      endSoon(core, grant, { event: "undo", by: "mayfly", reason: "the store no longer knows the grant" });
    } else endedElsewhere(core, now);
  }
  for (const grant of stored) await takeUp(core, grant, first);
}

/** Takes up one grant, or lets go of it. */
async function readGrant(core: Core, id: string): Promise<void> {
  const grant = await core.store.grant(id);
  if (grant === undefined) return;
  if (grant.state !== "active") endedElsewhere(core, grant);
  else await takeUp(core, grant, false);
}

/** Learns how one request stands. */
async function readRequest(core: Core, id: string): Promise<void> {
  const request = await core.store.request(id);
  if (request === undefined) return;
  if (request.state !== "pending") core.live.forget(id);
  else if (core.live.deadlineOf(id) === undefined) waitForPeopleAgain(core, request);
  core.changed(id);
}

/** Learns which requests are pending, and until when. */
async function readPending(core: Core, waiters: () => Iterable<string>): Promise<void> {
  const known = core.live.waiting();
  const awaited = [...waiters()];
  const stored = await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS });
  const pending = new Set(stored.map((request) => request.id));
  for (const request of stored) {
    if (core.live.deadlineOf(request.id) !== undefined) continue;
    waitForPeopleAgain(core, request);
  }
  for (const id of known) if (!pending.has(id)) core.live.forget(id);
  for (const id of awaited) if (!pending.has(id)) core.changed(id);
}

/** A pending request's time is over. */
export function timeOutSoon(core: Core, id: string): void {
  core.outbox
    .add(() =>
      core.mutex(`request ${id}`, async () => {
        const request = await core.store.request(id);
        if (request?.state === "pending") await close(core, request, timedOut);
        else core.live.forget(id);
      }),
    )
    .catch(() => undefined);
}

/**
 * Makes the watch.
 * @param polling undefined where this process is the store's only one
 * @param waiters ids of requests that somebody waits for
 * @param trail this gateway's log read back; undefined where it cannot be
 * @param sharing what gateways on one store tell each other of leases
 * @param unsound why nothing new may be served, for a reason that is not the store's
 */
export function createWatching(
  core: Core,
  polling: Polling | undefined,
  waiters: () => Iterable<string>,
  trail: Trail | undefined,
  sharing: LeaseSharing | undefined,
  unsound: () => string | undefined = () => undefined,
): Watching {
  let state: "new" | "running" | "stopped" = "new";
  let readAt = 0;
  let cancel: (() => void) | undefined;

  const keeping = createProgressKeeper(core, trail);

  const read = async (first: boolean): Promise<void> => {
    const at = core.clock.monotonic();
    await readLockdown(core);
    await sharing?.exchange();
    await readGrants(core, first);
    await readPending(core, waiters);
    forgetEnded(core);
    readAt = at;
  };
  const follower = createFollower(core, {
    all: () => read(false),
    grant: (id) => readGrant(core, id),
    request: (id) => readRequest(core, id),
    lockdown: () => readLockdown(core),
  });
  const arm = (every: number): void => {
    if (state !== "running") return;
    cancel = core.clock.schedule(every, () => {
      void follower
        .readAll()
        .catch(() => undefined)
        .then(() => arm(every));
    });
  };
  const armForgetting = (): void => {
    if (state !== "running") return;
    cancel = core.clock.schedule(FORGET_INTERVAL_MS, () => {
      forgetEnded(core);
      armForgetting();
    });
  };
  return {
    async start() {
      const agreed = trail === undefined ? 0 : await reconcile(core, trail, polling === undefined);
      await read(true);
      // What a lock-down had yet to end or refuse when the run before ended.
      if (core.locked !== undefined) core.outbox.add(() => sweep(core)).catch(() => undefined);
      state = "running";
      keeping.start(agreed);
      if (polling !== undefined) arm(polling.every);
      else armForgetting();
    },
    follow(change) {
      if (state === "running") follower.told(change);
    },
    reads: createGrantReads(core, () => polling !== undefined && state === "running"),
    stop() {
      state = "stopped";
      follower.stop();
      cancel?.();
    },
    stopKeeping: () => keeping.stop(),
    get atRisk() {
      const unkept = core.unkept.size;
      if (unkept > 0)
        return `${unkept} ends hold in this process alone, since no disk takes them: do not stop it before one does`;
      return keeping.unwritable;
    },
    get unavailable() {
      if (state === "new") return "grants have not been read from the store yet";
      if (state === "stopped") return "the gateway is stopping";
      const why = unsound();
      if (why !== undefined || polling === undefined) return why;
      const age = core.clock.monotonic() - readAt;
      return age > polling.bound ? `the store could not be read for ${formatDuration(age)}` : undefined;
    },
  };
}

/** Takes over new rules: see `Grants.adopt`. Never rejects. */
export async function adopt(core: Core, rules: GrantRules): Promise<{ ended: number; voided: number }> {
  core.rules = rules;
  const { ended, voided } = await rejudge(core, () => true, {
    event: "change_rules",
    by: "configuration",
    ended: "the new configuration no longer allows it",
    voided: "the configuration has changed since it was asked; ask again",
  });
  return { ended: ended.length, voided: voided.length };
}
