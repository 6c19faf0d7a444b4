import { describe, expect, it } from "vitest";
import { agoText, countdownText, leftText, shortSpan, spanText, ttlValue } from "./duration.ts";

describe("a countdown", () => {
  it.each([
    [-5, "now"],
    [0, "now"],
    [1, "0:01"],
    [59_999, "1:00"],
    [65_000, "1:05"],
    [3_599_000, "59:59"],
    [3_723_000, "1:02:03"],
    [90_000_000, "1 d 1 h"],
  ])("of %i ms says %s", (left, text) => {
    expect(countdownText(left)).toBe(text);
  });
});

describe("what is left", () => {
  it.each([
    [-5, "time is up"],
    [0, "time is up"],
    [1, "1 s left"],
    [45_000, "45 s left"],
    [60_000, "1 min left"],
    [1_168_000, "19 min left"],
    [3_900_000, "1 h 5 min left"],
    [90_061_000, "1 d 1 h left"],
  ])("of %i ms says %s", (left, text) => {
    expect(leftText(left)).toBe(text);
  });
});

describe("a span", () => {
  it.each([
    [0, "0 seconds", "0 s"],
    [1, "1 second", "1 s"],
    [300, "5 minutes", "5 min"],
    [5400, "1 hour 30 minutes", "1 h 30 min"],
    [90_061, "1 day 1 hour", "1 d 1 h"],
  ])("of %i s", (seconds, long, short) => {
    expect([spanText(seconds), shortSpan(seconds)]).toEqual([long, short]);
  });
  it("is given to the API in whole minutes where it is", () => {
    expect([ttlValue(120), ttlValue(90)]).toEqual(["2m", "90s"]);
  });
});

describe("a moment", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  it.each([
    [now - 3_000, "just now"],
    [now + 3_000, "just now"],
    [now - 45_000, "45 s ago"],
    [now - 180_000, "3 min ago"],
    [now + 7_200_000, "in 2 h"],
    [now - 3 * 86_400_000, "3 d ago"],
  ])("%i", (at, text) => {
    expect(agoText(at, now)).toBe(text);
  });
});
