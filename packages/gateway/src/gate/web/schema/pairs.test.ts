import { expect, it } from "vitest";
import { comparePairs } from "./testing/compare-pairs.ts";

// tests/integration/json-schema-pairs.test.ts compares more of them.
const PAIRS = 2_000;

it("judges as a second validator does, whatever the schema and the value", () => {
  const { good, bad, unsaid } = comparePairs(PAIRS);
  expect(good + bad).toBeGreaterThanOrEqual(PAIRS);
  expect(Math.min(good, bad)).toBeGreaterThan(PAIRS / 8);
  expect(unsaid).toBe(0);
});
