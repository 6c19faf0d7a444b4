import { expect, test } from "vitest";
import { readLogTime } from "./log-time.ts";

const noon = Date.UTC(2026, 10, 29, 12, 0, 0, 123);

test.each([
  ["2026-11-29 12:00:00.123 UTC", noon],
  ["2026-11-29 12:00:00.123 GMT", noon],
  ["2026-11-29 14:00:00.123 +02", noon],
  ["2026-11-29 14:00:00.123+02:00", noon],
  ["2026-11-29 06:30:00.123 -0530", noon],
  ["2026-11-29 12:00:00 UTC", noon - 123],
  // Taken for UTC.
  ["2026-11-29 12:00:00.123 CET", noon],
  ["2026-11-29", undefined],
  ["2026-11-29T12:00:00.123Z", undefined],
  ["2026-11-29 12:00:00.123 UTC and more", undefined],
  ["", undefined],
  ["999999-11-29 12:00:00.123 UTC", undefined],
])("%s", (text, at) => {
  expect(readLogTime(text)).toBe(at);
});
