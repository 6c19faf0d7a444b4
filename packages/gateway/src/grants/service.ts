import type { AuditLog } from "../audit/log.ts";
import type { Clock } from "../kernel/clock.ts";
import { steadyClock } from "../kernel/steady-clock.ts";
import { takeAsk } from "./asking.ts";
import { createClosed } from "./closed.ts";
import type { Core } from "./core.ts";
import type { Journal } from "./durability/journal.ts";
import { stepInWords } from "./durability/floor.ts";
import { busy } from "./durability/progress.ts";
import type { Trail } from "./durability/trail.ts";
import { end, endSoon, expiry, type Ending } from "./endings.ts";
import { notFound, reading, storeUnavailable } from "./errors.ts";
import { escalateSoon } from "./escalating.ts";
import type { Actor, GrantRules, Grants, GrantStore, History, Page } from "./grants.ts";
import {
  collectSecret,
  liveEntriesOf,
  liveEntry,
  release,
  revoke,
  showGrant,
  shown,
  verifier,
} from "./holding.ts";
import { createLive } from "./live.ts";
import { liftLockdown, lockDown } from "./lockdown.ts";
import { createMutex } from "./mutex.ts";
import { createOutbox } from "./outbox.ts";
import { inboxOf } from "./inbox.ts";
import { maySeeRequest, requireAny, whyNotNow } from "./people.ts";
import { offersOf } from "./plan.ts";
import { withdraw } from "./closing.ts";
import { createRefusals } from "./refusals.ts";
import { approve, refuse } from "./reviewing.ts";
import { requesterKey } from "./states.ts";
import type { AccessRequest, Grant, Requester } from "./types.ts";
import { createWaiters } from "./waiters.ts";
import { adopt, createWatching, timeOutSoon, type Polling } from "./watching.ts";

/** What grants are made of. */
export interface GrantsOptions {
  readonly store: GrantStore;
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly rules: GrantRules;
  /** Counts what was done with earlier grants, for reviewers; left out: they are told that it is not known. */
  readonly history?: History;
  /**
   * How to keep up with other gateways on the same store: every second, and nothing new after 10 s without the store.
   * `false` where the store belongs to this process alone (SQLite).
   */
  readonly poll?: Partial<Polling> | false;
  /** The log read back, so that a start brings store and log to agreement; left out: the store alone is believed. */
  readonly trail?: Trail;
  /** Takes ends that neither log nor store takes. */
  readonly journal?: Journal;
  /** Told, for the operator, what is wrong with the clocks or the store. */
  readonly tell?: (message: string) => void;
  /**
   * Watches whoever holds a live grant, from its first moment to its last: calls `withdrawn` once when their identity
   * is taken back. Left out: nobody is watched.
   */
  readonly watchHolder?: (holder: Requester, withdrawn: (reason: string) => void) => () => void;
}

/** The most that one page lists. */
const listed = 500;
/** The most that is looked through to fill one. */
const lookedThrough = 10_000;
const longestWait = 60_000;

function pageOf({ before, limit = listed }: Page): { readonly before?: string; readonly limit: number } {
  const bounded = Math.min(Math.max(Math.trunc(limit), 1), listed);
  return { limit: bounded, ...(before === undefined ? {} : { before }) };
}

/**
 * Makes the grants service. Call `start` before anything is served, and `stop` after the last session has closed.
 *
 * While the store cannot be read for longer than the bound, nothing new is served; sessions that are open go on until
 * their deadline, since what they may do was decided and recorded before.
 */
export function createGrants(options: GrantsOptions): Grants {
  const { store, log } = options;
  const tell = options.tell ?? (() => undefined);
  const clock = steadyClock(options.clock, (ms) => tell(stepInWords(ms)));
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
    live: createLive(
      clock,
      (entry) => endSoon(core, entry.grant, expiry(entry.grant)),
      (id) => timeOutSoon(core, id),
      (id) => escalateSoon(core, id),
      ({ grant }) => options.watchHolder?.(grant.requester, (why) => withdrawn(grant, why)),
    ),
    refusals: createRefusals(clock),
    history: options.history,
    mutex: createMutex(),
    rules: options.rules,
    locked: undefined,
    lockUnsaved: false,
    endedHere: new Map(),
    changed: (id) => waiters.wake(id),
  };
  const poll = options.poll === false ? undefined : { every: 1000, bound: 10_000, ...options.poll };
  const watching = createWatching(core, poll, () => waiters.ids(), options.trail);

  const withdrawal = (reason: string): Ending => ({
    event: "withdraw_identity",
    by: "identity",
    reason: `identity withdrawn: ${reason}`,
  });
  const withdrawn = (grant: Grant, reason: string): void => endSoon(core, grant, withdrawal(reason));

  const closed = createClosed(core);

  const serving = (): void => {
    const why = watching.unavailable;
    if (why !== undefined) throw storeUnavailable(undefined, why);
  };
  const find = async (viewer: Actor, id: string): Promise<AccessRequest> => {
    const request = await reading(store.request(id));
    if (request === undefined || !maySeeRequest(viewer, request)) throw notFound("request", id);
    return request;
  };

  return {
    offers(requester, clientAddress) {
      if (core.locked !== undefined || watching.unavailable !== undefined) return [];
      return offersOf(core.rules, requester, clientAddress, clock.wall());
    },
    async request(requester, ask) {
      serving();
      return busy(core, () => takeAsk(core, requester, ask));
    },
    find,
    async wait(viewer, id, ms, signal) {
      const until = clock.monotonic() + Math.min(Math.max(ms, 0), longestWait);
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
    async requests(viewer, filter) {
      const page = { ...(filter.state === undefined ? {} : { state: filter.state }), ...pageOf(filter) };
      if (filter.all !== true) {
        return reading(store.requests({ requester: requesterKey(viewer), ...page }));
      }
      requireAny(viewer, ["reviewer", "operator", "auditor"]);
      // What a reviewer may not see leaves gaps, which what is older fills.
      const found: AccessRequest[] = [];
      let before = page;
      for (let looked = 0; looked < lookedThrough; looked += page.limit) {
        const some = await reading(store.requests(before));
        found.push(...some.filter((request) => maySeeRequest(viewer, request)));
        const last = some.at(-1);
        if (last === undefined || some.length < page.limit || found.length >= page.limit) break;
        before = { ...page, before: last.id };
      }
      return found.slice(0, page.limit);
    },
    inbox: (reviewer) => inboxOf(core, reviewer),
    whyNot: (viewer, request) => whyNotNow(core.rules, viewer, request),
    withdraw: (requester, id) => busy(core, () => withdraw(core, requester, id)),
    async approve(reviewer, id, digest, comment, allow) {
      serving();
      return busy(core, () => approve(core, reviewer, id, digest, comment, allow));
    },
    refuse: (reviewer, id, digest, comment) => busy(core, () => refuse(core, reviewer, id, digest, comment)),
    async grants(viewer, filter) {
      const state = filter.state === undefined ? {} : { state: filter.state };
      const page = pageOf(filter);
      if (filter.all === true) requireAny(viewer, ["operator", "auditor"]);
      const whose = filter.all === true ? {} : { requester: requesterKey(viewer) };
      const stored = await reading(store.grants({ ...whose, ...state, ...page }));
      // What ended here a moment ago may not be stored as ended yet.
      return stored
        .map((grant) => shown(core.endedHere.get(grant.id)?.grant ?? grant))
        .filter((grant) => filter.state === undefined || grant.state === filter.state);
    },
    grant: (viewer, id) => showGrant(core, viewer, id),
    async collectSecret(requester, grant) {
      serving();
      return busy(core, () => collectSecret(core, requester, grant));
    },
    release: (requester, grant) => release(core, requester, grant),
    revoke: (operator, grant, reason) => revoke(core, operator, grant, reason),
    lockdown: (operator, reason) => busy(core, () => lockDown(core, operator, reason)),
    lift: (operator) => busy(core, () => liftLockdown(core, operator)),
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
    async verifier(id) {
      const isServed = core.locked === undefined && watching.unavailable === undefined;
      const live = isServed ? await verifier(core, id) : core.live.get(id)?.verifier;
      return live ?? (await closed(id))?.verifier;
    },
    closed,
    async withdrawIdentity(id, reason) {
      const entry = core.live.get(id);
      if (entry !== undefined) await end(core, entry.grant, withdrawal(reason));
    },
    adopt: (rules) => busy(core, () => adopt(core, rules)),
    start: () => watching.start(),
    get unavailable() {
      return watching.unavailable;
    },
    get atRisk() {
      return watching.atRisk;
    },
    async stop() {
      watching.stop();
      core.live.stop();
      await core.outbox.retry();
      core.outbox.stop();
      await watching.stopKeeping();
    },
  };
}
