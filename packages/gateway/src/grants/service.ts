import type { AuditLog } from "../audit/log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { FindPaths } from "../kernel/known-paths.ts";
import { steadyClock } from "../kernel/steady-clock.ts";
import { createRequest } from "./requests/create.ts";
import { createClosedGrants } from "./lifecycle/closed-grants.ts";
import type { Core } from "./core.ts";
import type { Journal } from "./durability/journal.ts";
import { clockStepMessage } from "./durability/time-floor.ts";
import { whileCounted } from "./durability/progress.ts";
import type { Trail } from "./durability/trail.ts";
import { end, endSoon, expiry, type Ending } from "./lifecycle/end.ts";
import { notFound, reading, storeUnavailable, unsoundNow } from "./errors.ts";
import { escalateSoon } from "./requests/escalate.ts";
import type { Actor, GrantRules, Grants, GrantStore, History } from "./grants.ts";
import {
  collectSecret,
  liveEntriesOf,
  liveEntry,
  release,
  revoke,
  showGrant,
  verifier,
} from "./lifecycle/holder.ts";
import { FIRST_LEASE_MS, createLeases } from "./leases/leases.ts";
import { createLostLeases } from "./leases/end-lost-leases.ts";
import { renewalBounds, renewLease } from "./leases/renewing.ts";
import { createLeaseSharing } from "./leases/sharing.ts";
import { createLiveGrants } from "./lifecycle/live-grants.ts";
import { liftLockdown, lockDown } from "./lifecycle/lockdown.ts";
import { createMutex } from "./durability/mutex.ts";
import { createOutbox } from "./durability/outbox.ts";
import { backgroundOf, dossierOf } from "./requests/background.ts";
import { inboxOf } from "./requests/inbox.ts";
import { listGrants, listRequests } from "./requests/lists.ts";
import { maySeeRequest, reviewsEmergenciesOf, whyNotNow } from "./approvals/people.ts";
import { offersOf } from "./requests/plan.ts";
import { withdraw } from "./requests/close.ts";
import { createRefusalLimiter } from "./approvals/refusal-limiter.ts";
import { rejudge } from "./approvals/rejudge.ts";
import { approveRequest, refuseRequest } from "./approvals/decide.ts";
import { reviewEmergency, whyNotReviewNow } from "./approvals/review-emergency.ts";
import { type GrantObserver, observingNothing } from "./observer.ts";
import type { AccessRequest, Grant, Requester } from "./types.ts";
import { createWaiters } from "./requests/waiters.ts";
import { reachOf, withdrawAll } from "./lifecycle/withdraw.ts";
import { adopt, createWatching, timeOutSoon, type Polling } from "./lifecycle/poll.ts";

/** What grants are made of. */
export interface GrantsOptions {
  readonly store: GrantStore;
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly rules: GrantRules;
  /** Counts what was done with earlier grants, for reviewers; left out: they are told that it is not known. */
  readonly history?: History;
  /** Looks up whether the paths beside the gateway are closed; left out: nobody probes, so they are not known to be. */
  readonly findPaths?: FindPaths;
  /**
   * How to keep up with other gateways on the same store: every second, and nothing new after 10 s without the store.
   * `false` where the store belongs to this process alone (SQLite).
   */
  readonly poll?: Partial<Polling> | false;
  /** Why nothing new may be served for a reason of its own; left out: there is none. */
  readonly unsound?: () => string | undefined;
  /** The log read back, so that a start brings store and log to agreement; left out: the store alone is believed. */
  readonly trail?: Trail;
  /** Takes ends that neither log nor store takes. */
  readonly journal?: Journal;
  /** Told, for the operator, what is wrong with the clocks or the store. */
  readonly tell?: (message: string) => void;
  /** Told what happens, for metrics; left out: nobody. */
  readonly observer?: GrantObserver;
  /**
   * Watches whoever holds a live grant, from its first moment to its last: calls `withdrawn` once when their identity
   * is taken back. Left out: nobody is watched.
   */
  readonly watchHolder?: (holder: Requester, withdrawn: (reason: string) => void) => () => void;
}

const MAX_WAIT_MS = 60_000;

/**
 * Makes the grants service. Call `start` before anything is served, and `stop` after the last session has closed.
 *
 * While the store cannot be read for longer than the bound, nothing new is served; sessions that are open go on until
 * their deadline, since what they may do was decided and recorded before.
 */
export function createGrants(options: GrantsOptions): Grants {
  const { store, log } = options;
  const tell = options.tell ?? (() => undefined);
  const clock = steadyClock(options.clock, (ms) => tell(clockStepMessage(ms)));
  const waiters = createWaiters(clock);
  const core: Core = {
    store,
    log,
    clock,
    wallClock: options.clock,
    tell,
    logId: options.trail?.id,
    journal: options.journal,
    unkept: new Set(),
    unrecorded: new Set(),
    lockWrites: undefined,
    busy: 0,
    outbox: createOutbox(clock),
    live: createLiveGrants(
      clock,
      (entry) => endSoon(core, entry.grant, expiry(entry.grant, entry.deadline, clock)),
      (id) => timeOutSoon(core, id),
      (id) => escalateSoon(core, id),
      (entry) => {
        const { grant } = entry;
        const unwatch = options.watchHolder?.(grant.requester, (why) => withdrawn(grant, why));
        if (grant.lease === undefined) return unwatch;
        // The secret was not collected yet: a client that waits for an approval hears of that first.
        const first = entry.verifier === undefined ? Math.max(grant.lease, FIRST_LEASE_MS) : grant.lease;
        core.leases.begin(grant.id, grant.lease, first);
        return () => {
          core.leases.end(grant.id);
          unwatch?.();
        };
      },
    ),
    leases: createLeases(clock, (id) => lose(id)),
    renewalBounds: renewalBounds(clock),
    refusals: createRefusalLimiter(clock),
    history: options.history,
    findPaths: options.findPaths,
    observer: options.observer ?? observingNothing,
    mutex: createMutex(),
    rules: options.rules,
    locked: undefined,
    lockUnsaved: false,
    endedHere: new Map(),
    changed: (id) => waiters.wake(id),
  };
  const poll = options.poll === false ? undefined : { every: 1000, bound: 10_000, ...options.poll };
  // A gateway that owns its store hears of every renewal.
  const sharing = poll === undefined ? undefined : createLeaseSharing(core);
  const lose = createLostLeases(core, sharing?.hear);
  const watching = createWatching(core, poll, () => waiters.ids(), options.trail, sharing, options.unsound);

  const withdrawal = (reason: string): Ending => ({
    event: "withdraw_identity",
    by: "identity",
    reason: `identity withdrawn: ${reason}`,
  });
  const withdrawn = (grant: Grant, reason: string): void => endSoon(core, grant, withdrawal(reason));
  const closed = createClosedGrants(core, (id) => watching.reads.lookUp(id));

  const serving = (): void => {
    const why = watching.unavailable;
    if (why === undefined) return;
    if (why === options.unsound?.()) throw unsoundNow(why);
    throw storeUnavailable(undefined, why);
  };
  const find = async (viewer: Actor, id: string): Promise<AccessRequest> => {
    const request = await reading(store.request(id));
    if (request === undefined || !maySeeRequest(core.rules, viewer, request)) throw notFound("request", id);
    return request;
  };

  return {
    offers(requester, clientAddress) {
      if (core.locked !== undefined || watching.unavailable !== undefined) return [];
      return offersOf(core.rules, requester, clientAddress, clock.wall());
    },
    async request(requester, ask) {
      serving();
      return whileCounted(core, () => createRequest(core, requester, ask));
    },
    find,
    async wait(viewer, id, ms, signal) {
      const until = clock.monotonic() + Math.min(Math.max(ms, 0), MAX_WAIT_MS);
      for (;;) {
        // Registered before the look, so that no change falls between the two.
        const change = waiters.next(id, Math.max(until - clock.monotonic(), 0), signal);
        try {
          const request = await find(viewer, id);
          if (request.state !== "pending" || clock.monotonic() >= until || signal?.aborted === true)
            return request;
          await change.woken;
        } finally {
          change.cancel();
        }
      }
    },
    requests: async (viewer, filter) => (await listRequests(core, viewer, filter)).requests,
    requestsPage: (viewer, filter) => listRequests(core, viewer, filter),
    background: (viewer, id) => backgroundOf(core, viewer, id),
    dossier: (viewer, who, clientAddress) => dossierOf(core, viewer, who, clientAddress),
    inbox: (reviewer) => inboxOf(core, reviewer),
    whyNot: (viewer, request) => whyNotNow(core.rules, viewer, request),
    whyNotReview: (viewer, request) => whyNotReviewNow(core, viewer, request),
    reviewsEmergenciesOf: (viewer, asked) => reviewsEmergenciesOf(core.rules, viewer, asked),
    withdraw: (requester, id) => whileCounted(core, () => withdraw(core, requester, id)),
    async approve(reviewer, id, digest, comment, allow) {
      serving();
      return whileCounted(core, () => approveRequest(core, reviewer, id, digest, comment, allow));
    },
    refuse: (reviewer, id, digest, comment) =>
      whileCounted(core, () => refuseRequest(core, reviewer, id, digest, comment)),
    reviewEmergency: (reviewer, id, note) =>
      whileCounted(core, () => reviewEmergency(core, reviewer, id, note)),
    grants: (viewer, filter) => listGrants(core, viewer, filter),
    grant: (viewer, id) => showGrant(core, viewer, id),
    async collectSecret(requester, grant, from, isSandboxed = false) {
      serving();
      const found = await watching.reads.readFor(requester, grant);
      return whileCounted(core, () => collectSecret(core, requester, grant, from, isSandboxed, found));
    },
    async renewLease(requester, grant) {
      return renewLease(core, requester, grant, await watching.reads.readFor(requester, grant));
    },
    release: (requester, grant) => release(core, requester, grant),
    revoke: (operator, grant, reason) => revoke(core, operator, grant, reason),
    lockdown: (operator, reason) => whileCounted(core, () => lockDown(core, operator, reason)),
    lift: (operator) => whileCounted(core, () => liftLockdown(core, operator)),
    get locked() {
      return core.locked;
    },
    live(id) {
      if (core.locked !== undefined || watching.unavailable !== undefined) return undefined;
      return liveEntry(core, id);
    },
    liveOf(holder, connection) {
      if (core.locked !== undefined || watching.unavailable !== undefined) return [];
      return liveEntriesOf(core, holder, connection);
    },
    verifier: (id) =>
      verifier(core, id, core.locked === undefined && watching.unavailable === undefined, closed),
    closed,
    async withdrawIdentity(id, reason) {
      const entry = core.live.get(id);
      if (entry !== undefined) await end(core, entry.grant, withdrawal(reason));
    },
    reach: (withdrawals) => reachOf(core, withdrawals),
    withdrawAll(withdrawal) {
      const { grants, requests } = withdrawAll(core, withdrawal);
      return { grants, requests: whileCounted(core, () => requests) };
    },
    judgeAgain: (matches, cause, { isDryRun = false, foreseen } = {}) =>
      whileCounted(core, () =>
        rejudge(core, matches, {
          event: "judge_again",
          by: "policy",
          ended: `policy would refuse it now: ${cause}`,
          voided: `the requester has changed since it was asked: ${cause}; ask again`,
          isDryRun,
          ...(isDryRun && foreseen !== undefined ? { foreseen } : {}),
        }),
      ),
    adopt: (rules) => whileCounted(core, () => adopt(core, rules)),
    start: () => watching.start(),
    follow: (change) => watching.follow(change),
    takeUp: (id) => watching.reads.takeUp(id),
    get counts() {
      return core.live.counts();
    },
    get unavailable() {
      return watching.unavailable;
    },
    get atRisk() {
      return watching.atRisk;
    },
    async stop() {
      watching.stop();
      core.live.stop();
      core.leases.stop();
      await core.outbox.retry();
      core.outbox.stop();
      await watching.stopKeeping();
    },
  };
}
