// tier: full
import { expect, it } from "vitest";
import { comparePairs } from "../../packages/gateway/src/gate/web/schema/testing/compare-pairs.ts";

const PAIRS = 50_000;

it("judges 50,000 random pairs as a second validator does", () => {
  const { good, bad, unsaid } = comparePairs(PAIRS);
  expect(good + bad).toBeGreaterThanOrEqual(PAIRS);
  expect(Math.min(good, bad)).toBeGreaterThan(PAIRS / 8);
  expect(unsaid).toBe(0);
}, 300_000);
