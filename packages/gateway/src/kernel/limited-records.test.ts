import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { limitedRecords } from "./limited-records.ts";

test("records a burst of each and of all, and says with the next how many were left out", () => {
  const clock = fakeClock();
  const limited = limitedRecords(clock, { perSecond: 1, burst: 2 }, { perSecond: 1, burst: 3 });
  const recorded: [string, number][] = [];
  const cause = (key: string): void => limited.record(key, (leftOut) => recorded.push([key, leftOut]));
  for (const key of ["a", "a", "a", "b", "c"]) cause(key);
  expect(recorded).toEqual([
    ["a", 0],
    ["a", 0],
    ["b", 1],
  ]);
  clock.advance(1000);
  cause("c");
  expect(recorded.at(-1)).toEqual(["c", 1]);
});

test("what could not be recorded counts as left out", () => {
  const limited = limitedRecords(fakeClock(), { perSecond: 1, burst: 9 }, { perSecond: 1, burst: 9 });
  const full = (): never => {
    throw new Error("the disk is full");
  };
  expect(() => limited.record("a", full)).toThrow("the disk is full");
  const seen: number[] = [];
  limited.record("a", (leftOut) => seen.push(leftOut));
  expect(seen).toEqual([1]);
});
