import { backoffOf } from "../../kernel/backoff.ts";
import { tokenBuckets } from "../../kernel/buckets.ts";
import { deadlineAfter, remaining } from "../../kernel/clock.ts";
import type { Clock, Deadline } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { messageOf } from "../../kernel/errors.ts";
import { discover } from "../provider/discovery.ts";
import type { Metadata } from "../provider/discovery.ts";
import type { FetchDocument } from "../provider/document.ts";
import { IdentityError } from "../error.ts";
import { readKeySet } from "./key-set.ts";
import type { VerificationKey } from "./key-set.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";

/** Bounds on how long a key set counts as fresh, whatever its Cache-Control says, milliseconds. */
const freshness = { min: 60_000, max: 24 * 3600_000, unsaid: 300_000 };
/** Refetches for unknown keys: a few at once, then one in five seconds. */
const budget = { burst: 3, interval: 5_000 };
/** Pauses between attempts while the provider cannot be reached, doubling. */
const retry = { first: 5_000, max: 60_000 };
const REDISCOVER_AFTER_MS = 3600_000;
/** What the timer's own refresh may take; tokens wait for a refresh only when it is later than this. */
const REFRESH_GRACE_MS = 10_000;
/** Keys are trusted at least this long: with `outage: 0` none could be used at all. */
const MIN_TRUST_MS = 1_000;

/** One provider's keys, as a check sees them. */
export interface VerificationKeys {
  /** @throws IdentityError token_key when the provider has no such key, keys_unavailable when that cannot be known */
  find(kid: string): Promise<VerificationKey>;
}

/** One provider's keys, fetched and kept. */
export interface ProviderKeys extends VerificationKeys {
  /** The key that would be used now, without fetching; undefined when there is none or the keys are too old. */
  current(kid: string): VerificationKey | undefined;
  /** The provider's metadata. @throws IdentityError keys_unavailable */
  metadata(): Promise<Metadata>;
  /** Fetches what is missing. Never rejects. */
  warm(): Promise<void>;
  /** Why no token of this provider can be verified now, for operators; undefined when it can. */
  readonly unavailable: string | undefined;
  close(): void;
}

/**
 * Keeps one provider's keys. They are refreshed by a timer before they get stale, and when a token names an unknown
 * key: at once a few times, then rate-limited, all waiting tokens sharing one fetch. While the provider is away the
 * last keys are trusted for `provider.outage` milliseconds since they were fetched, then nothing verifies.
 * @param discoverAt finds where the keys are; left out, OpenID Connect's discovery does
 */
export function providerKeys(
  provider: TrustedProvider,
  fetchDocument: FetchDocument,
  clock: Clock,
  discoverAt: typeof discover = discover,
): ProviderKeys {
  let keys: ReadonlyMap<string, VerificationKey> = new Map();
  let trusted: Deadline | undefined;
  let fresh: Deadline | undefined;
  let about: { readonly metadata: Metadata; readonly until: Deadline } | undefined;
  let failure: string | undefined = "its keys have not been fetched yet";
  let failures = 0;
  let started = 0;
  let finished = 0;
  let inFlight: Promise<void> | undefined;
  let timer: { readonly cancel: () => void; readonly at: number } | undefined;
  let closed = false;
  const trustFor = Math.max(provider.outage, MIN_TRUST_MS);
  const refetches = tokenBuckets(clock, 1000 / budget.interval, budget.burst, 1);

  const within = (deadline: Deadline | undefined): boolean =>
    deadline !== undefined && remaining(clock, deadline) > 0;
  const current = (kid: string): VerificationKey | undefined =>
    !closed && within(trusted) ? keys.get(kid) : undefined;

  async function attempt(): Promise<void> {
    started += 1;
    // Measured from before the answer, so that a slow one does not make its keys younger.
    const trust = deadlineAfter(clock, trustFor);
    let wait: number;
    try {
      if (about === undefined || failures > 0 || !within(about.until)) {
        const until = deadlineAfter(clock, REDISCOVER_AFTER_MS);
        about = { metadata: await discoverAt(provider, fetchDocument), until };
      }
      const { value, maxAge } = await fetchDocument({ url: about.metadata.jwksUri });
      const next = await readKeySet(value, provider.algorithms);
      // A key that stayed the same stays the same object: what it verified is still verified.
      keys = new Map(
        [...next].map(([kid, key]) => {
          const old = keys.get(kid);
          return [kid, old?.material === key.material ? old : key];
        }),
      );
      trusted = trust;
      failure = undefined;
      failures = 0;
      const age = Math.min(Math.max(maxAge ?? freshness.unsaid, freshness.min), freshness.max);
      wait = Math.min(age, trustFor / 2);
      fresh = deadlineAfter(clock, wait);
    } catch (error) {
      failure = messageOf(error);
      failures += 1;
      wait = backoffOf(failures, retry);
    }
    finished = started;
    plan(wait);
  }

  function refresh(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  function plan(wait: number): void {
    timer?.cancel();
    if (closed) return;
    const cancel = clock.schedule(wait, () => {
      refetches.consume("keys");
      void refresh();
    });
    timer = { cancel, at: clock.monotonic() + wait };
  }

  /** Fetches once more for a token that arrived when `arrival` fetches had begun, as far as the budget allows. */
  async function refetch(found: () => boolean, arrival: number): Promise<void> {
    // A fetch that had begun before the token came may have missed its key: one begun later settles it.
    const settled = (): boolean => finished > arrival || found();
    while (!settled()) {
      if (inFlight !== undefined) await inFlight;
      else if (refetches.consume("keys") === 0) await refresh();
      else {
        // Nobody needs to ask again for a new key to be learnt: the next allowed refetch is planned now.
        const wait = refetches.wait("keys");
        if (timer === undefined || timer.at > clock.monotonic() + wait) plan(wait);
        return;
      }
    }
  }

  function unavailable(): IdentityError {
    return new IdentityError(
      "keys_unavailable",
      "access tokens cannot be verified: the identity provider's keys cannot be fetched",
      "try again in a moment; the operator sees the cause at /readyz and in the log",
    );
  }

  return {
    current,
    async find(kid) {
      const arrival = started;
      // The timer did not run in time, as after a suspended machine: the keys may have changed long ago.
      const overdue = fresh !== undefined && remaining(clock, fresh) < -REFRESH_GRACE_MS;
      if (overdue && failure === undefined) await refresh();
      await refetch(() => current(kid) !== undefined, arrival);
      const key = current(kid);
      if (key !== undefined) return key;
      if (closed || !within(trusted) || failure !== undefined) throw unavailable();
      throw new IdentityError(
        "token_key",
        "the access token is signed with a key that its issuer does not publish",
        "if the issuer rotated its keys just now, try again in a few seconds; else get a fresh access token",
      );
    },
    async metadata() {
      await refetch(() => about !== undefined, started);
      if (closed || about === undefined) throw unavailable();
      return about.metadata;
    },
    async warm() {
      if (!within(fresh) && !closed) await refresh();
    },
    get unavailable() {
      if (closed) return "it is closed";
      if (within(trusted)) return keys.size > 0 ? undefined : `${provider.issuer} publishes no usable key`;
      const age =
        trusted === undefined ? "" : `, and the last keys are older than ${formatDuration(trustFor)}`;
      return `${provider.issuer}: ${failure ?? "its keys were not refreshed"}${age}`;
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
