import { CLOCK_SKEW_MS } from "./tokens/check.ts";

/**
 * Whether something that the provider said at `at` is recent enough to decide by. A time in the future is not: a clock
 * was stepped back.
 * @param maxAge milliseconds
 * @param now the wall clock
 */
export function isWithinMaxAge(at: number, maxAge: number, now: number): boolean {
  return now - at <= maxAge && at <= now + CLOCK_SKEW_MS;
}
