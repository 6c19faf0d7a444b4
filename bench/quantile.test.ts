import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
])("the %d quantile of 1 to 100 is %d", (part, value) => {
  expect(quantile(hundred, part)).toBe(value);
});

test("what never came is behind everything that came", () => {
  const values = [3, Number.NaN, 1, 2];
  expect(quantile(values, 0.5)).toBe(2);
  expect(quantile(values, 0.99)).toBeNaN();
});

test("nothing has no quantile", () => {
  expect(quantile([], 0.5)).toBeNaN();
});
