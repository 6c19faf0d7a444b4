import { expect, test } from "vitest";
import { millisecondsBetween, tickOf } from "./act-times.ts";

test("the time between two moments is theirs to a twentieth of a millisecond", () => {
  expect(millisecondsBetween(tickOf(1000), tickOf(1000.05))).toBe(0.05);
  expect(millisecondsBetween(tickOf(12.5), tickOf(3_600_012.5))).toBe(3_600_000);
});

test.each([2 ** 31, 2 ** 32, 2 ** 40])(
  "also where the count of ticks comes round, after %d of them",
  (ticks) => {
    const before = ticks / 20 - 1;
    expect(Number.isInteger(tickOf(before))).toBe(true);
    expect(Math.abs(tickOf(before + 2))).toBeLessThanOrEqual(2 ** 31);
    expect(millisecondsBetween(tickOf(before), tickOf(before + 2))).toBe(2);
    expect(millisecondsBetween(tickOf(before), tickOf(before + 86_400_000))).toBe(86_400_000);
  },
);
