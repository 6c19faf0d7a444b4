import { deadlineAfter, remaining } from "../kernel/clock.ts";
import type { Clock, Deadline } from "../kernel/clock.ts";
import { boundedMap } from "./bounded-map.ts";
import type { Introspect } from "./introspection.ts";
import { principalKey } from "./principal.ts";
import type { Principal } from "./principal.ts";
import type { VerifiedToken } from "./verified-cache.ts";

/** So many looks in a row may go unanswered; after that nobody knows whether the token is still good. */
const unanswered = 3;
const most = 10_000;

/** The newest token that a principal has shown. It is the only place where tokens are kept, and only in memory. */
interface Shown {
  readonly text: string;
  readonly digest: string;
  readonly issuedAt: number;
  readonly until: Deadline;
}

interface Watch {
  readonly principal: Principal;
  readonly listeners: Set<(reason: string) => void>;
  shown: Shown | undefined;
  misses: number;
  cancel: () => void;
}

/** Watches principals of one provider whose sessions live, by introspection. */
export interface Watches {
  /** Takes note of a token that was just verified. */
  show(text: string, token: VerifiedToken): void;
  watch(principal: Principal, withdrawn: (reason: string) => void): () => void;
  close(): void;
}

/**
 * @param every milliseconds between looks at one principal, however many sessions it has
 * @param inactive told the digest of a token that the provider says is no longer active
 */
export function introspectionWatches(
  introspect: Introspect,
  every: number,
  clock: Clock,
  inactive: (digest: string) => void,
): Watches {
  const shown = boundedMap<Shown>(most);
  const watches = new Map<string, Watch>();

  function end(key: string, watch: Watch, reason: string): void {
    watch.cancel();
    watches.delete(key);
    for (const listener of watch.listeners) {
      try {
        listener(reason);
      } catch {
        // Each session answers for its own end; one that fails must not keep the others alive.
      }
    }
  }

  async function look(key: string, watch: Watch): Promise<void> {
    const { shown: token } = watch;
    if (token === undefined) {
      end(key, watch, "no active access token of this principal is known here");
      return;
    }
    if (remaining(clock, token.until) <= 0) {
      end(key, watch, "the access token has expired and no fresh one was shown");
      return;
    }
    let active: boolean | undefined;
    try {
      active = await introspect({ token: token.text, subject: watch.principal.subject });
    } catch {
      active = undefined;
    }
    if (watches.get(key) !== watch) return;
    if (active === true) watch.misses = 0;
    else if (active === undefined) watch.misses += 1;
    else {
      inactive(token.digest);
      shown.delete(key);
      // A fresher token shown meanwhile gets its own look.
      if (watch.shown === token) {
        end(key, watch, "the access token is no longer active");
        return;
      }
    }
    if (watch.misses >= unanswered) {
      end(
        key,
        watch,
        `the identity provider did not say ${unanswered} times whether the access token is active`,
      );
      return;
    }
    plan(key, watch);
  }

  function plan(key: string, watch: Watch): void {
    watch.cancel = clock.schedule(every, () => void look(key, watch));
  }

  return {
    show(text, { verified, issuedAt }) {
      const key = principalKey(verified.principal);
      const watch = watches.get(key);
      const newest = watch?.shown ?? shown.get(key);
      if (newest !== undefined && newest.issuedAt > issuedAt && remaining(clock, newest.until) > 0) return;
      const until = deadlineAfter(clock, verified.expiresAt - clock.wall());
      const fresh = { text, digest: verified.tokenDigest, issuedAt, until };
      shown.set(key, fresh);
      if (watch !== undefined) watch.shown = fresh;
    },
    watch(principal, withdrawn) {
      const key = principalKey(principal);
      let watch = watches.get(key);
      if (watch === undefined) {
        watch = { principal, listeners: new Set(), shown: shown.get(key), misses: 0, cancel: () => {} };
        watches.set(key, watch);
        plan(key, watch);
      }
      const { listeners } = watch;
      // A function of its own, so that one caller watching twice is told twice.
      const listener = (reason: string): void => withdrawn(reason);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        const now = watches.get(key);
        if (listeners.size > 0 || now?.listeners !== listeners) return;
        now.cancel();
        watches.delete(key);
      };
    },
    close() {
      for (const watch of watches.values()) watch.cancel();
      watches.clear();
    },
  };
}
