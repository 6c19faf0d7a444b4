import type { MayflyClient } from "./client.ts";
import { MayflyError } from "./errors.ts";
import type { Grant } from "./types.generated.ts";

/** A lease that is renewed until it is let go. */
export interface HeldLease {
  /** Aborts when the lease or its grant is lost; its reason is a MayflyError that says how. */
  readonly lost: AbortSignal;
  /** Renews it no more. The grant then ends within the lease's time; release it to end it now. */
  letGo(): void;
}

/** How many times in its period a lease is renewed. */
const RENEWALS_A_PERIOD = 3;
/** The longest pause before a renewal that failed is tried again, milliseconds. */
const MAX_RETRY_MS = 500;
/** How long an answer may take at least, milliseconds: what hangs is tried again over a new connection. */
const MIN_ANSWER_MS = 500;

/**
 * Renews a grant's lease three times in its period, until it is let go or lost. Its timers do not keep the process
 * alive. It needs the event loop: a process that blocks it for the lease's time has lost the grant.
 * @param grant as it was given, with `lease_seconds`
 */
export function holdLease(
  mayfly: Pick<MayflyClient, "renewLease">,
  grant: Pick<Grant, "id" | "lease_seconds" | "ends_at">,
): HeldLease {
  const lost = new AbortController();
  const calls = new AbortController();
  const period = (grant.lease_seconds ?? 0) * 1000;
  if (period === 0) return { lost: lost.signal, letGo: () => undefined };
  let isHeld = true;
  let next: NodeJS.Timeout | undefined;
  let watchdog: NodeJS.Timeout | undefined;

  const letGo = (): void => {
    isHeld = false;
    clearTimeout(next);
    clearTimeout(watchdog);
    calls.abort();
  };
  const lose = (why: MayflyError): void => {
    if (!isHeld) return;
    letGo();
    lost.abort(why);
  };
  /** @param from when the gateway can have heard of us at the earliest */
  const watch = (from: number, failing: unknown): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(
      () => {
        const why = failing instanceof Error ? `: ${failing.message}` : "";
        lose(
          new MayflyError("lease_lost", `the lease on grant ${grant.id} could not be renewed in time${why}`, {
            cause: failing,
            hint: "the grant has ended, or is about to: request again once the gateway can be reached",
          }),
        );
      },
      Math.max(from + period - performance.now(), 0),
    ).unref();
  };
  const renewIn = (ms: number): void => {
    next = setTimeout(() => void renew(), ms).unref();
  };

  let heardAt = performance.now();
  async function renew(): Promise<void> {
    const sentAt = performance.now();
    try {
      await mayfly.renewLease(grant.id, {
        timeout: Math.max(Math.ceil(period / RENEWALS_A_PERIOD), MIN_ANSWER_MS),
        signal: calls.signal,
      });
      if (!isHeld) return;
      heardAt = sentAt;
      watch(heardAt, undefined);
      renewIn(Math.max(sentAt + period / RENEWALS_A_PERIOD - performance.now(), 0));
    } catch (thrown) {
      if (!isHeld) return;
      if (Date.parse(grant.ends_at) <= Date.now()) letGo();
      else if (isFinal(thrown)) lose(thrown);
      else {
        watch(heardAt, thrown);
        renewIn(Math.min(period / 10, MAX_RETRY_MS));
      }
    }
  }

  watch(heardAt, undefined);
  renewIn(period / RENEWALS_A_PERIOD);
  return { lost: lost.signal, letGo };
}

/** Whether asking again can change nothing: the grant has ended, or is not ours. */
function isFinal(thrown: unknown): thrown is MayflyError {
  return thrown instanceof MayflyError && [403, 404, 409].includes(thrown.status ?? 0);
}
