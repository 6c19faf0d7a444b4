import { expect, test } from "vitest";
import { createCredit } from "./credit.ts";

test("a burst may be used at once, and a share of each second after it, by everybody apart", () => {
  let now = 0;
  const credit = createCredit(100, 0.1, () => now);
  expect(credit.wait("a")).toBe(0);
  credit.spend("a", 100);
  expect(credit.wait("a")).toBeGreaterThan(0);
  expect(credit.wait("b")).toBe(0);
  now = 500;
  expect(credit.wait("a")).toBe(0);
  credit.spend("a", 150);
  expect(credit.wait("a")).toBe(1001);
  now += credit.wait("a");
  expect(credit.wait("a")).toBe(0);
  // Nobody saves up more than the burst.
  now += 1_000_000;
  credit.spend("a", 101);
  expect(credit.wait("a")).toBe(11);
});
