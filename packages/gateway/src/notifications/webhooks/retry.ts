import type { Settled } from "../store.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long after each failed attempt the next one comes, milliseconds: ten attempts in two days. */
const delays: readonly number[] = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  2 * hour,
  6 * hour,
  12 * hour,
  24 * hour,
];
/** Each delay is drawn between this much less and this much more, so that gateways do not knock together. */
const jitter = 0.2;
/** A receiver that asks for a pause gets at most this, milliseconds. */
export const longestPause: number = hour;
/** After failures in a row the whole webhook rests, from the first to at most the second, milliseconds. */
const firstRest = 5 * second;
const longestRest = minute;

/** What came back of one attempt. */
export interface AttemptResult {
  /** Undefined: no answer. */
  readonly status?: number;
  /** Why there was no answer, for people to read. */
  readonly error?: string;
  /** The pause that the receiver asked for, milliseconds. */
  readonly retryAfter?: number;
}

/** What follows from an attempt. */
export interface AttemptVerdict {
  readonly outcome: Omit<Settled, "id">;
  /** `gone`: nothing more is to be sent there. `away`: the receiver as a whole cannot take anything now. */
  readonly receiver: "well" | "away" | "gone";
}

/**
 * Decides about a delivery after its attempt number `attempts` at `now`. Any 2xx is a yes; 410 is a no for ever, as
 * Standard Webhooks says; everything else is tried again until the delays are used up.
 * @param random between 0 and 1
 */
export function afterAttempt(
  result: AttemptResult,
  attempts: number,
  now: number,
  random: number,
): AttemptVerdict {
  const { status } = result;
  const common = { attempts, lastStatus: status, nextAt: undefined, deliveredAt: undefined };
  if (status !== undefined && status >= 200 && status < 300) {
    return {
      outcome: { ...common, state: "delivered", lastError: undefined, deliveredAt: now },
      receiver: "well",
    };
  }
  const lastError = wordsFor(result);
  const failed = { ...common, state: "failed" as const, lastError };
  if (status === 410) return { outcome: failed, receiver: "gone" };
  const isAway = status === undefined || status >= 500 || status === 408 || status === 429;
  const receiver = isAway ? "away" : "well";
  const delay = delays[attempts - 1];
  if (delay === undefined) return { outcome: failed, receiver };
  const drawn = delay * (1 - jitter + 2 * jitter * random);
  const pause = Math.min(result.retryAfter ?? 0, longestPause);
  return {
    outcome: { ...common, state: "pending", lastError, nextAt: Math.round(now + Math.max(drawn, pause)) },
    receiver,
  };
}

/** How long a webhook rests after so many failures in a row, milliseconds. */
export function restAfter(failures: number, asked: number | undefined, random: number): number {
  const rest = Math.min(firstRest * 2 ** Math.min(failures - 1, 10), longestRest);
  return Math.max(rest * (1 - jitter + 2 * jitter * random), Math.min(asked ?? 0, longestPause));
}

function wordsFor({ status, error }: AttemptResult): string {
  if (status === undefined) return error ?? "no answer";
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  if (status === 404) return "answered 404: nothing is at that address";
  if (status === 410) return "answered 410: it wants no more events";
  return `answered ${status}`;
}
