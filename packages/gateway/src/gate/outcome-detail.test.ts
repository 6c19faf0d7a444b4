import { expect, test } from "vitest";
import { canonicalJson } from "../kernel/canonical.ts";
import { outcomeDetail } from "./outcome-detail.ts";

test("an outcome is written as the canonical form of what it says", () => {
  const outcome = {
    tag: 'SELECT "3"',
    status: 200,
    rows: 3,
    more: { zeta: 1, alpha: { b: null, a: "é" } },
    milliseconds: 12,
    masked: ["public.customers.email"],
    error: "57014",
    copied: { sha256: "ab", bytes: 7 },
    bytes: 9,
  };
  expect(outcomeDetail(5, outcome)).toBe(canonicalJson({ ...outcome, intent: 5 }));
});

test("what an outcome does not say is left out", () => {
  expect(outcomeDetail(5, {})).toBe('{"intent":5}');
  expect(outcomeDetail(5, { masked: [] })).toBe('{"intent":5}');
});
