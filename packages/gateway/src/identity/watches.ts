import { requesterKey } from "../kernel/requester.ts";
import { deadlineAfter, remaining } from "../kernel/clock.ts";
import type { Clock, Deadline } from "../kernel/clock.ts";
import { boundedMap, type BoundedMap } from "../kernel/bounded-map.ts";
import type { Withdrawn } from "./identity.ts";
import type { Introspect } from "./tokens/introspection.ts";
import type { Requester } from "../kernel/requester.ts";
import type { VerifiedToken } from "./tokens/verified-cache.ts";

/** How many intervals may pass without an answer before the token counts as unknown. */
const MAX_UNANSWERED = 3;
/** How many checks run within the greatest age of a proof, so that one unanswered check ends nothing. */
const LOOKS_WITHIN = 3;
/**
 * How many tokens in one check, each newer than the one before, may be inactive before the principal counts as having
 * none.
 */
const MAX_INACTIVE = 3;
const MAX_SHOWN = 10_000;

/** The newest token that a principal has shown. It is the only place where tokens are kept, and only in memory. */
interface Shown {
  readonly text: string;
  readonly digest: string;
  readonly issuedAt: number;
  readonly until: Deadline;
}

/** The newest tokens of principals, by their keys. */
export type ShownTokens = BoundedMap<Shown>;

/** Makes the store of shown tokens. It outlives a reload, so that a grant's holder need not show a token again. */
export const createShownTokens = (): ShownTokens => boundedMap<Shown>(MAX_SHOWN);

interface Watch {
  readonly principal: Requester;
  readonly listeners: Set<Withdrawn>;
  shown: Shown | undefined;
  misses: number;
  /** Whether it was checked at least once: until then, a holder who has shown no token may still show one. */
  wasLookedAt: boolean;
  /** Whether its listeners were told that nothing is known of it. */
  wasTold: boolean;
  cancel: () => void;
}

/**
 * Watches principals of one provider by introspection: those who hold a live grant, for as long as they do, whatever
 * credential they use and however short their sessions are.
 *
 * A principal whose token is no longer active is withdrawn. One of whom no good token is known here, after a restart
 * or once the newest has expired, is unknown: that withdraws nothing, and lets nothing be used.
 */
export interface Watches {
  /** Takes note of a token that was just verified. */
  show(text: string, token: VerifiedToken): void;
  /** Takes note that the provider said of a token that it is no longer active. */
  inactive(principal: Requester, digest: string): void;
  watch(principal: Requester, withdrawn: Withdrawn): () => void;
  /** Looks at the newest token of a principal now, if a good one is known. Never rejects. */
  prove(principal: Requester): Promise<void>;
  /** Why a principal may not use what they hold now; undefined when they may. */
  unknown(principal: Requester): string | undefined;
  close(): void;
}

/**
 * @param every milliseconds between checks of one principal, however many grants and sessions it has
 * @param within how old a proof may be, milliseconds: checks run often enough for that; left out: no limit
 * @param inactive told the digest of a token that the provider says is no longer active
 * @param shown what was shown before
 */
export function introspectionWatches(
  introspect: Introspect,
  {
    every,
    within = Number.POSITIVE_INFINITY,
  }: { readonly every: number; readonly within?: number | undefined },
  clock: Clock,
  inactive: (digest: string) => void,
  shown: ShownTokens,
): Watches {
  const period = Math.min(every, within / LOOKS_WITHIN);
  const maxUnanswered = Math.ceil((MAX_UNANSWERED * every) / period);
  const watches = new Map<string, Watch>();

  function tell(watch: Watch, reason: string, kind: "withdrawn" | "unknown"): void {
    for (const listener of watch.listeners) {
      try {
        listener(reason, kind);
      } catch {
        // Each listener answers for its own end; one that fails must not keep the others alive.
      }
    }
  }

  function end(key: string, watch: Watch, reason: string): void {
    watch.cancel();
    watches.delete(key);
    tell(watch, reason, "withdrawn");
  }

  /** Why nothing is known of a principal; undefined when it is. */
  function unknownNow({ shown: token, wasLookedAt }: Watch): string | undefined {
    if (token === undefined)
      return wasLookedAt ? "no active access token of this principal is known here" : undefined;
    return remaining(clock, token.until) > 0
      ? undefined
      : "the access token has expired and no fresh one was shown";
  }

  async function look(key: string, watch: Watch): Promise<void> {
    watch.wasLookedAt = true;
    for (let inactives = 0; ;) {
      const { shown: token } = watch;
      const unknown = unknownNow(watch);
      if (unknown !== undefined && !watch.wasTold) tell(watch, unknown, "unknown");
      watch.wasTold = unknown !== undefined;
      if (token === undefined || unknown !== undefined) break;
      let active: boolean | undefined;
      try {
        active = await introspect({ token: token.text, principal: watch.principal });
      } catch {
        active = undefined;
      }
      if (watches.get(key) !== watch) return;
      if (active === true) watch.misses = 0;
      else if (active === undefined) watch.misses += 1;
      else {
        inactive(token.digest);
        if (shown.get(key) === token) shown.delete(key);
        inactives += 1;
        if (watch.shown === token || inactives === MAX_INACTIVE) {
          end(key, watch, "the access token is no longer active");
          return;
        }
        // A newer token was shown meanwhile and is checked now: a stock of tokens must not buy time.
        continue;
      }
      if (watch.misses >= maxUnanswered) {
        end(
          key,
          watch,
          `the identity provider did not say ${maxUnanswered} times whether the access token is active`,
        );
        return;
      }
      break;
    }
    plan(key, watch);
  }

  function plan(key: string, watch: Watch): void {
    watch.cancel = clock.schedule(period, () => void look(key, watch));
  }

  function noLongerActive(principal: Requester, digest: string): void {
    const key = requesterKey(principal);
    if (shown.get(key)?.digest === digest) shown.delete(key);
    const watch = watches.get(key);
    if (watch?.shown?.digest === digest) end(key, watch, "the access token is no longer active");
  }

  return {
    show(text, { verified, issuedAt }) {
      const key = requesterKey(verified.principal);
      const watch = watches.get(key);
      const newest = watch?.shown ?? shown.get(key);
      if (newest !== undefined && newest.issuedAt > issuedAt && remaining(clock, newest.until) > 0) return;
      const until = deadlineAfter(clock, verified.expiresAt - clock.wall());
      const fresh = { text, digest: verified.tokenDigest, issuedAt, until };
      shown.set(key, fresh);
      if (watch !== undefined) watch.shown = fresh;
    },
    inactive: noLongerActive,
    async prove(principal) {
      const key = requesterKey(principal);
      const token = watches.get(key)?.shown ?? shown.get(key);
      if (token === undefined || remaining(clock, token.until) <= 0) return;
      // No answer proves nothing either way: unanswered checks are counted instead.
      const active = await introspect({ token: token.text, principal }).catch(() => undefined);
      if (active !== false) return;
      inactive(token.digest);
      noLongerActive(principal, token.digest);
    },
    watch(principal, withdrawn) {
      const key = requesterKey(principal);
      let watch = watches.get(key);
      if (watch === undefined) {
        watch = {
          principal,
          listeners: new Set(),
          shown: shown.get(key),
          misses: 0,
          wasLookedAt: false,
          wasTold: false,
          cancel: () => {},
        };
        watches.set(key, watch);
        plan(key, watch);
      }
      const { listeners } = watch;
      // A function of its own, so that one caller watching twice is told twice.
      const listener: Withdrawn = (reason, kind) => withdrawn(reason, kind);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        const now = watches.get(key);
        if (listeners.size > 0 || now?.listeners !== listeners) return;
        now.cancel();
        watches.delete(key);
      };
    },
    unknown(principal) {
      const watch = watches.get(requesterKey(principal));
      return watch === undefined ? undefined : unknownNow(watch);
    },
    close() {
      for (const watch of watches.values()) watch.cancel();
      watches.clear();
    },
  };
}
