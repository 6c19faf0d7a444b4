import { skew } from "./check.ts";

/**
 * Whether something that was said at `at` may still be decided by. What is said to be from the future may not: a clock
 * was stepped back.
 * @param maxAge milliseconds
 * @param now the wall clock
 */
export function isRecent(at: number, maxAge: number, now: number): boolean {
  return now - at <= maxAge && at <= now + skew;
}
