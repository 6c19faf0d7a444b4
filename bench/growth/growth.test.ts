import { expect, test } from "vitest";
import { growthOf, ratioOf, short } from "./growth.ts";

const sizes = [10, 1000, 10_000];

test("a growth is named by its last step, where the fixed part counts least", () => {
  expect(growthOf({ sizes, figures: [5, 5.2, 5.1] })).toBe("flat");
  expect(growthOf({ sizes, figures: [1, 2, 4] })).toBe("log");
  expect(growthOf({ sizes, figures: [5.05, 10, 55] })).toBe("linear");
  expect(growthOf({ sizes, figures: [1, 100, 1000] })).toBe("linear");
  expect(growthOf({ sizes, figures: [1, 100, 10_000] })).toBe("worse");
});

test("a ratio tells how many times the cost grew, and the size", () => {
  expect(ratioOf({ sizes, figures: [2, 3, 5] })).toBe("× 2.5 for × 1,000");
  expect([0.0123, 1.234, 12.34, 1234.5].map(short)).toEqual(["0.012", "1.2", "12", "1,235"]);
});
