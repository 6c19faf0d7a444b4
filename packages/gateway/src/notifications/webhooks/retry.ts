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
/** Delays vary at random by this share, so that gateways do not retry in step. */
const JITTER = 0.2;
/** The longest pause that a receiver may ask for, milliseconds. */
export const MAX_PAUSE_MS: number = hour;
/** The pause of a whole webhook after consecutive failures, from the first to the second, milliseconds. */
const FIRST_REST_MS = 5 * second;
const MAX_REST_MS = minute;

/** The result of one attempt. */
export interface AttemptResult {
  /** Undefined: no answer. */
  readonly status?: number;
  /** Why there was no answer, for people to read. */
  readonly error?: string;
  /** The pause that the receiver asked for, milliseconds. */
  readonly retryAfter?: number;
}

/** What to do after an attempt. */
export interface AttemptVerdict {
  readonly outcome: Omit<Settled, "id">;
  /** `gone`: nothing more is to be sent there. `away`: the receiver as a whole cannot take anything now. */
  readonly receiver: "well" | "away" | "gone";
}

/**
 * Decides what follows attempt number `attempts` at `now`. Any 2xx succeeds; 410 disables the webhook, as Standard
 * Webhooks says; everything else is retried until the delays are used up.
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
  const drawn = delay * (1 - JITTER + 2 * JITTER * random);
  const pause = Math.min(result.retryAfter ?? 0, MAX_PAUSE_MS);
  return {
    outcome: { ...common, state: "pending", lastError, nextAt: Math.round(now + Math.max(drawn, pause)) },
    receiver,
  };
}

/** How long a webhook rests after so many failures in a row, milliseconds. */
export function restAfter(failures: number, asked: number | undefined, random: number): number {
  const rest = Math.min(FIRST_REST_MS * 2 ** Math.min(failures - 1, 10), MAX_REST_MS);
  return Math.max(rest * (1 - JITTER + 2 * JITTER * random), Math.min(asked ?? 0, MAX_PAUSE_MS));
}

function wordsFor({ status, error }: AttemptResult): string {
  if (status === undefined) return error ?? "no answer";
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  if (status === 404) return "answered 404: nothing is at that address";
  if (status === 410) return "answered 410: it wants no more events";
  return `answered ${status}`;
}
