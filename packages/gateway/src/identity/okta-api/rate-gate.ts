import type { Clock } from "../../kernel/clock.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import { OktaApiFailure } from "./failure.ts";
import type { HttpAnswer } from "./http-call.ts";

/** Maximum time that a bucket stays closed, whatever the answer says, milliseconds: Okta's windows are a minute. */
export const MAX_CLOSED_MS = 120_000;
/** How long a bucket stays closed after a 429 without a usable time, milliseconds. */
const DEFAULT_CLOSED_MS = 15_000;
/** Minimum time that a bucket stays closed, milliseconds: the headers count whole seconds. */
const MIN_CLOSED_MS = 1000;
/** Okta has one bucket for each family of endpoints. */
const MAX_BUCKETS = 64;

/** Okta's rate limits, by bucket, read from its answers. */
export interface RateGate {
  /** @throws OktaApiFailure (`limited`) while the bucket's window is used up: the call is not made */
  enter(bucket: string): void;
  /** Reads an answer's `X-Rate-Limit-…` headers. @throws OktaApiFailure (`limited`) for a 429 */
  feed(bucket: string, answer: Pick<HttpAnswer, "status" | "header">): void;
}

const limited = (bucket: string, retryIn: number): OktaApiFailure =>
  new OktaApiFailure("limited", `Okta's rate limit for ${bucket} is used up`, {
    retryIn,
    hint: "raise the app's share of the rate limit in Okta (Applications, the app, Application Rate Limits)",
  });

/** Makes the gates of one client at one org. */
export function rateGate(clock: Clock): RateGate {
  const closed = boundedMap<number>(MAX_BUCKETS);
  const wholeNumber = (text: string | null): number | undefined =>
    text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;

  /** Milliseconds until the window ends, by Okta's own clock where the answer states its time. */
  function untilReset({ header }: Pick<HttpAnswer, "header">): number | undefined {
    const reset = wholeNumber(header("x-rate-limit-reset"));
    if (reset === undefined) return undefined;
    const date = Date.parse(header("date") ?? "");
    const ms = reset * 1000 - (Number.isNaN(date) ? clock.wall() : date);
    return Math.min(Math.max(ms, MIN_CLOSED_MS), MAX_CLOSED_MS);
  }

  return {
    enter(bucket) {
      const left = (closed.get(bucket) ?? Number.NEGATIVE_INFINITY) - clock.monotonic();
      if (left > 0) throw limited(bucket, left);
    },
    feed(bucket, answer) {
      const isRefused = answer.status === 429;
      const isUsedUp = wholeNumber(answer.header("x-rate-limit-remaining")) === 0;
      if (!isRefused && !isUsedUp) return;
      const ms = untilReset(answer) ?? DEFAULT_CLOSED_MS;
      closed.set(bucket, clock.monotonic() + ms);
      if (isRefused) throw limited(bucket, ms);
    },
  };
}
