import type { AuditHistogram } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { asksForActs, barsOf, isChosen, placeAfter, rangeOf, totalsOf } from "./histogram-model.ts";

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 24, 12, minute)).toISOString();
const histogram: AuditHistogram = {
  from: at(0),
  to: at(3),
  step_seconds: 60,
  buckets: [
    { at: at(0), permitted: 60, failed: 20, denied: 20 },
    { at: at(1), permitted: 0, failed: 0, denied: 0 },
    { at: at(2), permitted: 1000 - 1, failed: 0, denied: 1 },
  ],
};

describe("the chart of acts", () => {
  it("is as high as its highest bar, and what is there is seen", () => {
    const [small, empty, large] = barsOf(histogram);
    expect(small).toMatchObject({ permittedHeight: 0.06, failedHeight: 0.03, deniedHeight: 0.03 });
    expect(empty).toMatchObject({ permittedHeight: 0, failedHeight: 0, deniedHeight: 0 });
    expect(large?.deniedHeight).toBeGreaterThan(0.02);
    for (const { permittedHeight, failedHeight, deniedHeight } of barsOf(histogram))
      expect(permittedHeight + failedHeight + deniedHeight).toBeLessThanOrEqual(1);
    expect(totalsOf(histogram)).toEqual({ permitted: 1059, failed: 20, denied: 21 });
  });
  it("makes a range of bars, whichever way they were chosen, that holds no other's first moment", () => {
    const range = { from: at(0), to: "2026-11-24T12:01:59.999Z" };
    expect(rangeOf(histogram, { from: 0, to: 1 })).toEqual(range);
    expect(rangeOf(histogram, { from: 1, to: 0 })).toEqual(range);
    expect(rangeOf(histogram, { from: 0, to: 9 })).toBeUndefined();
    expect([0, 1, 2, 3].map((place) => isChosen(place, { from: 2, to: 1 }))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isChosen(0, undefined)).toBe(false);
  });
  it("is walked with arrows and stays at its ends", () => {
    expect(placeAfter("ArrowLeft", 0, 3)).toBe(0);
    expect(placeAfter("ArrowRight", 2, 3)).toBe(2);
    expect(placeAfter("End", 0, 3)).toBe(2);
    expect(placeAfter("Home", 2, 3)).toBe(0);
    expect(placeAfter("Enter", 1, 3)).toBeUndefined();
  });
  it("is not there where no acts are looked for", () => {
    expect(asksForActs({})).toBe(true);
    expect(asksForActs({ types: ["grant.revoked", "act.denied"] })).toBe(true);
    expect(asksForActs({ types: ["grant.revoked"] })).toBe(false);
    expect(asksForActs({ record: 3 })).toBe(false);
  });
});
