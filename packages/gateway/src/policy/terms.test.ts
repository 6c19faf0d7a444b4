import { expect, test } from "vitest";
import { ttlWithin } from "./terms.ts";

const terms = { policy: "p", defaultTtl: 300_000, maxTtl: 900_000 };

test("what is asked for is given up to the most, and the default when nothing is asked for", () => {
  expect(ttlWithin(terms)).toEqual({ ok: 300_000 });
  expect(ttlWithin(terms, 1)).toEqual({ ok: 1 });
  expect(ttlWithin(terms, 900_000)).toEqual({ ok: 900_000 });
  expect(ttlWithin(terms, 900_001)).toEqual({ tooLong: 900_000 });
  expect(ttlWithin(terms, Number.POSITIVE_INFINITY)).toEqual({ tooLong: 900_000 });
});

test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])("%d is no time to live", (requested) => {
  expect(() => ttlWithin(terms, requested)).toThrow(RangeError);
});
