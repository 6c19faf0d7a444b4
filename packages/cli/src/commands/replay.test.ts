import { expect, test } from "vitest";
import { timeInto } from "./replay.ts";

test.each([
  ["90s", 90_000],
  ["1m30s", 90_000],
  ["1:30", 90_000],
  ["0:05", 5000],
  ["1h", 3_600_000],
])("%s into a recording", (text, ms) => {
  expect(timeInto(text)).toBe(ms);
});

test.each(["", "soon", "1:75", "90", "-1s", "1m 30s"])("%j is no time into it", (text) => {
  expect(() => timeInto(text)).toThrow("Give how far into it");
});
