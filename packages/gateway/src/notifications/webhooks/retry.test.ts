import { expect, test } from "vitest";
import { afterAttempt, MAX_PAUSE_MS, restAfter } from "./retry.ts";

const now = 1_700_000_000_000;

test.each([200, 201, 202, 204, 299])("%i is a yes", (status) => {
  expect(afterAttempt({ status }, 1, now, 0.5)).toEqual({
    outcome: {
      state: "delivered",
      attempts: 1,
      lastStatus: status,
      lastError: undefined,
      nextAt: undefined,
      deliveredAt: now,
    },
    receiver: "well",
  });
});

test.each([
  [{ error: "connect ECONNREFUSED" }, "away"],
  [{ status: 500 }, "away"],
  [{ status: 503 }, "away"],
  [{ status: 429 }, "away"],
  [{ status: 408 }, "away"],
  [{ status: 301 }, "well"],
  [{ status: 400 }, "well"],
  [{ status: 401 }, "well"],
  [{ status: 404 }, "well"],
  [{ status: 199 }, "well"],
  [{ status: 0 }, "well"],
] as const)("%j is tried again", (result, receiver) => {
  const verdict = afterAttempt(result, 1, now, 0.5);
  expect(verdict).toMatchObject({ outcome: { state: "pending", nextAt: now + 5000 }, receiver });
});

test("410 is the end", () => {
  expect(afterAttempt({ status: 410 }, 1, now, 0.5)).toMatchObject({
    outcome: { state: "failed", nextAt: undefined },
    receiver: "gone",
  });
});

test("the pauses grow, are drawn around their length, and end after two days", () => {
  const pauses = (random: number): number[] => {
    const all: number[] = [];
    for (let attempts = 1; ; attempts++) {
      const { outcome } = afterAttempt({ status: 500 }, attempts, 0, random);
      if (outcome.nextAt === undefined) break;
      all.push(outcome.nextAt / 1000);
    }
    return all;
  };
  expect(pauses(0.5)).toEqual([5, 30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400]);
  expect(pauses(0)).toEqual(pauses(0.5).map((one) => one * 0.8));
  expect(pauses(1)).toEqual(pauses(0.5).map((one) => one * 1.2));
});

test("a pause that the receiver asks for is kept, within a bound", () => {
  const next = (retryAfter: number): number | undefined =>
    afterAttempt({ status: 429, retryAfter }, 1, now, 0.5).outcome.nextAt;
  expect(next(1)).toBe(now + 5000);
  expect(next(60_000)).toBe(now + 60_000);
  expect(next(10 * MAX_PAUSE_MS)).toBe(now + MAX_PAUSE_MS);
  expect(restAfter(1, undefined, 0.5)).toBe(5000);
  expect(restAfter(3, undefined, 0.5)).toBe(20_000);
  expect(restAfter(100, undefined, 0.5)).toBe(60_000);
  expect(restAfter(1, 30_000, 0.5)).toBe(30_000);
});
