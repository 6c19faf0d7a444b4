import { remaining, type Clock, type Deadline } from "../../kernel/clock.ts";
import type { RequesterId } from "../../kernel/requester.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { createByHolder } from "./by-holder.ts";
import type { GrantCounts } from "../observer.ts";
import type { AccessRequest, Grant, GrantEnd, LiveGrant } from "../types.ts";

/** A live grant with the state that only this process has. */
export interface LiveEntry extends LiveGrant {
  readonly request: AccessRequest;
  /** Cached once the secret was collected. */
  verifier?: string;
}

interface WatchedGrant {
  readonly entry: LiveEntry;
  readonly controller: AbortController;
  unwatch: (() => void) | undefined;
}

/** Grants that are live in this process, and the one timer that watches deadlines. */
export interface LiveGrants {
  add(grant: Grant, request: AccessRequest, deadline: Deadline): LiveEntry;
  get(id: string): LiveEntry | undefined;
  /** Those of one requester on one connection, in the order in which they were added. */
  of(requester: RequesterId, connection: string): readonly LiveEntry[];
  /** Removes a grant and aborts its signal, at once; undefined when it is not live here. */
  remove(id: string, end: GrantEnd): LiveEntry | undefined;
  all(): LiveEntry[];
  /**
   * Waits for `deadline` on behalf of a pending request, and for an earlier one at which others are asked too; kept
   * by id.
   */
  waitFor(id: string, deadline: Deadline, escalation?: Deadline): void;
  /** The deadline given to `waitFor`, also after it has passed, until it is forgotten. */
  deadlineOf(id: string): Deadline | undefined;
  waiting(): string[];
  forget(id: string): void;
  counts(): GrantCounts;
  stop(): void;
}

/**
 * The longest sleep of the timer. Timers run on the monotonic clock, which stands still while a machine is suspended:
 * checking the wall clock every second ends expired grants within a second of the resume.
 */
const MAX_SLEEP_MS = 1000;

/**
 * Makes the registry.
 * @param expired called for each live grant whose deadline has passed on either clock; must remove it
 * @param waited called for each id given to `waitFor` whose deadline has passed, once
 * @param escalated called for each id whose earlier deadline has passed, once
 * @param watch begins to watch a grant's holder; what it gives back ends that
 */
export function createLiveGrants(
  clock: Clock,
  expired: (entry: LiveEntry) => void,
  waited: (id: string) => void,
  escalated: (id: string) => void,
  watch: (entry: LiveEntry) => (() => void) | undefined = () => undefined,
): LiveGrants {
  const entries = new Map<string, WatchedGrant>();
  const held = createByHolder<LiveEntry>();
  const deadlines = new Map<string, { readonly deadline: Deadline; told: boolean; escalation?: Deadline }>();
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;
  let stopped = false;

  const arm = (ms: number): void => {
    const sleep = Math.min(Math.max(ms, 0), MAX_SLEEP_MS);
    const at = clock.monotonic() + sleep;
    if (stopped || (timer !== undefined && timer.at <= at)) return;
    timer?.cancel();
    timer = { at, cancel: clock.schedule(sleep, look) };
  };

  function look(): void {
    timer = undefined;
    for (const { entry } of entries.values()) {
      if (remaining(clock, entry.deadline) <= 0) expired(entry);
    }
    for (const [id, wait] of deadlines) {
      if (!wait.told && wait.escalation !== undefined && remaining(clock, wait.escalation) <= 0) {
        delete wait.escalation;
        escalated(id);
      }
      if (wait.told || remaining(clock, wait.deadline) > 0) continue;
      // Kept although it was reported: should the wall clock step back now, it stays expired.
      wait.told = true;
      waited(id);
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { entry } of entries.values()) next = Math.min(next, remaining(clock, entry.deadline));
    for (const { deadline, told, escalation } of deadlines.values()) {
      if (told) continue;
      next = Math.min(next, remaining(clock, deadline));
      if (escalation !== undefined) next = Math.min(next, remaining(clock, escalation));
    }
    if (next !== Number.POSITIVE_INFINITY) arm(next);
  }

  return {
    add(grant, request, deadline) {
      const controller = new AbortController();
      const { verifier, ...bare } = grant;
      const entry: LiveEntry = {
        grant: bare,
        request,
        deadline,
        ended: controller.signal,
        principal: recordPrincipal(grant.requester),
        ...(verifier === undefined ? {} : { verifier }),
      };
      const watched: WatchedGrant = { entry, controller, unwatch: undefined };
      entries.set(grant.id, watched);
      held.add(entry);
      watched.unwatch = watch(entry);
      arm(remaining(clock, deadline));
      return entry;
    },
    get: (id) => entries.get(id)?.entry,
    of: (requester, connection) => held.of(requester, connection),
    remove(id, end) {
      const found = entries.get(id);
      if (found === undefined) return undefined;
      entries.delete(id);
      held.delete(found.entry);
      found.unwatch?.();
      found.controller.abort(end);
      return found.entry;
    },
    all: () => [...entries.values()].map(({ entry }) => entry),
    waitFor(id, deadline, escalation) {
      deadlines.set(id, { deadline, told: false, ...(escalation === undefined ? {} : { escalation }) });
      arm(Math.min(remaining(clock, deadline), remaining(clock, escalation ?? deadline)));
    },
    deadlineOf: (id) => deadlines.get(id)?.deadline,
    waiting: () => [...deadlines.keys()],
    forget: (id) => void deadlines.delete(id),
    counts() {
      let pending = 0;
      for (const { told } of deadlines.values()) if (!told) pending += 1;
      return { active: entries.size, pending };
    },
    stop() {
      for (const { unwatch } of entries.values()) unwatch?.();
      stopped = true;
      timer?.cancel();
      timer = undefined;
    },
  };
}
