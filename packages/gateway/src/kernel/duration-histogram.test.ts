import { expect, test } from "vitest";
import { DurationHistogram } from "./duration-histogram.ts";

test("a duration counts in the first bucket whose bound it does not pass, and in the sum", () => {
  const histogram = new DurationHistogram([1, 5, 25]);
  for (const milliseconds of [0, 0.5, 1, 1.001, 5, 25, 25.5, 1000]) histogram.add(milliseconds);
  expect(histogram.read()).toEqual({
    bounds: [1, 5, 25],
    counts: [3, 2, 1, 2],
    sum: 0.5 + 1 + 1.001 + 5 + 25 + 25.5 + 1000,
  });
});

test("what a clock that was set back makes negative counts as nothing", () => {
  const histogram = new DurationHistogram([1]);
  histogram.add(-3000);
  histogram.add(0.5);
  expect(histogram.read()).toEqual({ bounds: [1], counts: [2, 0], sum: 0.5 });
});
