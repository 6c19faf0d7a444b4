import { expect, it } from "vitest";
import { isWithinMaxAge } from "../max-age.ts";
import { authenticationTime } from "./time-claims.ts";

const now = 1_700_000_000_000;

it.each<[string, unknown, number | undefined]>([
  ["a moment ago", now / 1000 - 5, now - 5000],
  ["now", now / 1000, now],
  ["a little ahead, as clocks are: it counts as now", now / 1000 + 20, now],
  ["ahead", now / 1000 + 31, undefined],
  ["no number", String(now / 1000), undefined],
  ["nothing", undefined, undefined],
  ["the epoch", 0, undefined],
  ["before it", -1, undefined],
  ["not finite", Infinity, undefined],
])("a proof of %s", (_, claim, expected) => {
  expect(authenticationTime(claim, now)).toBe(expected);
});

it.each([
  [now, 0, true],
  [now - 1000, 1000, true],
  [now - 1001, 1000, false],
  [now + 30_000, 1000, true],
  [now + 30_001, 1000, false],
])("what was said at %d may be decided by within %d ms: %s", (at, maxAge, expected) => {
  expect(isWithinMaxAge(at, maxAge, now)).toBe(expected);
});
