import { timingSafeEqual } from "node:crypto";
import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { BeginOptions } from "../people.ts";
import type { BrowserSessionStore, SignInTransaction } from "../browser-sessions/store.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import type { SignInMethod, SignInProvider } from "./provider.ts";
import { SignInRefused } from "./problems.ts";
import { digestOfSecret, isBrowserSecret, newBrowserSecret } from "./secrets.ts";

/** Time limit of a sign-in, milliseconds. */
const SIGN_IN_TIMEOUT_MS = 600_000;

/** Maximum number of sign-ins under way in one store; the oldest is dropped. */
const MAX_TRANSACTIONS = 10_000;

/** A sign-in that came back in time, to the browser that began it. */
export interface TakenTransaction {
  readonly transaction: SignInTransaction;
  readonly handle: string;
  readonly binding: string;
}

/** Sign-ins under way. A browser begins one, and the same browser finishes it, once, within ten minutes. */
export interface Transactions {
  /** @returns where to send the browser, and the value of its sign-in cookie */
  begin(
    provider: SignInProvider,
    options: BeginOptions,
  ): Promise<{ readonly redirect: string; readonly binding: string }>;
  /**
   * Removes and returns the sign-in of a handle.
   * @throws SignInRefused expired or other_browser
   */
  consume(method: SignInMethod, handle: string, binding: string | undefined): Promise<TakenTransaction>;
}

export function transactions(store: BrowserSessionStore, clock: Clock): Transactions {
  // The monotonic clock, for sign-ins that this process began: a wall clock stepped back prolongs none.
  const deadlines = boundedMap<Deadline>(MAX_TRANSACTIONS);
  return {
    async begin(provider, { returnTo, fresh, binding: shown, cookie }) {
      // A browser's sign-ins share its binding, so that two tabs do not undo each other. `__Host-` keeps other sites from
      // setting it.
      const binding = isBrowserSecret(shown) ? shown : newBrowserSecret();
      const handle = newBrowserSecret();
      const start = { handle, binding, ...(fresh === undefined ? {} : { fresh }) };
      const { redirect, keep } = await provider.begin(start);
      const digest = digestOfSecret(handle);
      const replaced = isBrowserSecret(cookie) ? await store.byDigest(digestOfSecret(cookie)) : undefined;
      const beganAt = clock.wall();
      await store.begin(
        {
          digest,
          binding: digestOfSecret(binding),
          method: provider.method,
          returnTo,
          ...(fresh === undefined ? {} : { fresh }),
          keep,
          ...(replaced === undefined ? {} : { replaces: replaced.id }),
          beganAt,
          expiresAt: beganAt + SIGN_IN_TIMEOUT_MS,
        },
        MAX_TRANSACTIONS,
      );
      deadlines.set(digest, deadlineAfter(clock, SIGN_IN_TIMEOUT_MS));
      return { redirect, binding };
    },

    async consume(method, handle, shown) {
      const digest = digestOfSecret(handle);
      const transaction = await store.consume(digest);
      const deadline = deadlines.get(digest);
      deadlines.delete(digest);
      if (transaction === undefined) throw new SignInRefused("expired", "unknown, or used before");
      if (transaction.method !== method) throw new SignInRefused("expired", "begun in another way");
      const now = clock.wall();
      const early = transaction.beganAt > now + CLOCK_SKEW_MS;
      const late =
        now >= transaction.expiresAt || (deadline !== undefined && remaining(clock, deadline) <= 0);
      if (early || late) throw new SignInRefused("expired", "ten minutes are over");
      if (!isBrowserSecret(shown) || !same(digestOfSecret(shown), transaction.binding)) {
        throw new SignInRefused("other_browser", "the sign-in cookie is missing or another one");
      }
      return { transaction, handle, binding: shown };
    },
  };
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
