import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { leastPart } from "./least.ts";

/** Items, and groups of them: whatever has all of one group suffices. */
const problems = fc.integer({ min: 1, max: 10 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    groups: fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 5 }), { minLength: 1, maxLength: 5 }),
  }),
);
const upTo = (size: number): readonly number[] => Array.from({ length: size }, (_, index) => index);
const sufficesBy =
  (groups: readonly (readonly number[])[]) =>
  (kept: readonly number[]): boolean =>
    groups.some((group) => group.every((item) => kept.includes(item)));

test("a least part suffices, and without any one of its items it does not", () => {
  fc.assert(
    fc.property(problems, ({ size, groups }) => {
      const suffices = sufficesBy(groups);
      const part = leastPart(upTo(size), suffices);
      expect(suffices(part)).toBe(true);
      for (const item of part) expect(suffices(part.filter((each) => each !== item))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("of all parts that suffice it is the one that has the later items least, in the order of the items", () => {
  fc.assert(
    fc.property(problems, ({ size, groups }) => {
      const suffices = sufficesBy(groups);
      const items = upTo(size);
      // The later an item, the more its bit counts.
      const parts = upTo(2 ** size).map((bits) => items.filter((item) => (bits & (1 << item)) !== 0));
      expect(leastPart(items, suffices)).toEqual(parts.find((part) => suffices(part)));
    }),
    { numRuns: 200 },
  );
});

test("nothing is the least part of what suffices anyhow", () => {
  expect(leastPart([], () => true)).toEqual([]);
  expect(leastPart([1, 2, 3], () => true)).toEqual([]);
  expect(leastPart([1], () => true)).toEqual([]);
});

test("a few out of many are found with few questions, and none is asked of all items", () => {
  const wanted = [3, 4, 700];
  const asked: number[] = [];
  const part = leastPart(upTo(1000), (kept) => {
    asked.push(kept.length);
    return wanted.every((item) => kept.includes(item));
  });
  expect(part).toEqual(wanted);
  expect(asked.length).toBeLessThan(50);
  expect(asked).not.toContain(1000);
});

test("the same is not asked twice", () => {
  fc.assert(
    fc.property(problems, ({ size, groups }) => {
      const asked: string[] = [];
      leastPart(upTo(size), (kept) => {
        asked.push(kept.toSorted((one, other) => one - other).join());
        return sufficesBy(groups)(kept);
      });
      expect(new Set(asked).size).toBe(asked.length);
    }),
  );
});

test("a list that is all needed is asked about not much more often than it has items", () => {
  let asked = 0;
  const items = upTo(128);
  const part = leastPart(items, (kept) => {
    asked += 1;
    return kept.length === items.length;
  });
  expect(part).toEqual(items);
  expect(asked).toBeLessThanOrEqual(2 * items.length);
});
