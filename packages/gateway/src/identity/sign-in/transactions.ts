import { timingSafeEqual } from "node:crypto";
import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { boundedMap } from "../bounded-map.ts";
import type { BeginOptions } from "../people.ts";
import type { BrowserSessionStore, SignInTransaction } from "../browser-sessions/store.ts";
import { skew } from "../check.ts";
import type { SignInMethod, SignInProvider } from "./provider.ts";
import { SignInRefused } from "./refusals.ts";
import { digestOfSecret, isBrowserSecret, newBrowserSecret } from "./secrets.ts";

/** How long a sign-in may take, milliseconds. */
const lifetime = 600_000;

/** Sign-ins under way at a time, in one store; the oldest gives way. */
const most = 10_000;

/** A sign-in that came back in time, in the browser that began it. */
export interface TakenTransaction {
  readonly transaction: SignInTransaction;
  readonly handle: string;
  readonly binding: string;
}

/** Sign-ins under way: begun by one browser, finished once, by the same, within ten minutes. */
export interface Transactions {
  /** @returns where to send the browser, and what its sign-in cookie must hold */
  begin(
    provider: SignInProvider,
    options: BeginOptions,
  ): Promise<{ readonly redirect: string; readonly binding: string }>;
  /**
   * Takes the sign-in of a handle; from then on it is over.
   * @throws SignInRefused expired or other_browser
   */
  take(method: SignInMethod, handle: string, binding: string | undefined): Promise<TakenTransaction>;
}

export function transactions(store: BrowserSessionStore, clock: Clock): Transactions {
  // The second clock, of those that this process began: a wall clock stepped back prolongs none.
  const deadlines = boundedMap<Deadline>(most);
  return {
    async begin(provider, { returnTo, fresh, binding: shown, cookie }) {
      // One browser's sign-ins share its binding, so that two tabs do not undo each other. `__Host-` keeps others from
      // choosing it.
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
          expiresAt: beganAt + lifetime,
        },
        most,
      );
      deadlines.set(digest, deadlineAfter(clock, lifetime));
      return { redirect, binding };
    },

    async take(method, handle, shown) {
      const digest = digestOfSecret(handle);
      const transaction = await store.take(digest);
      const deadline = deadlines.get(digest);
      deadlines.delete(digest);
      if (transaction === undefined) throw new SignInRefused("expired", "unknown, or used before");
      if (transaction.method !== method) throw new SignInRefused("expired", "begun in another way");
      const now = clock.wall();
      const early = transaction.beganAt > now + skew;
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
